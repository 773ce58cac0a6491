// SPDX-License-Identifier: Apache-2.0

/// One command of a client, parsed.
package enum SMTPCommand: Equatable, Sendable {
    /// `EHLO mail.example.org` or `EHLO [192.0.2.1]` (RFC 5321 section 4.1.1.1).
    case ehlo(String)
    case helo(String)
    /// `MAIL FROM:<anna@example.org> SIZE=1234 BODY=8BITMIME SMTPUTF8` (section 4.1.1.2).
    case mail(ReversePath, MailParameters)
    /// `RCPT TO:<bob@example.org>` (section 4.1.1.3).
    case rcpt(ForwardPath)
    case data
    /// `BDAT 1000` or `BDAT 1000 LAST` (RFC 3030 section 2); `size` in octets.
    case bdat(size: Int, last: Bool)
    case rset
    case noop
    case quit
    /// The argument is not looked at.
    case vrfy
    case help
    /// RFC 3207.
    case startTLS
    /// `AUTH PLAIN [initial-response]` (RFC 4954 section 4). The name as sent; the response still in base64.
    case auth(mechanism: String, initialResponse: [UInt8]?)
}

/// The parameters of MAIL that we know.
package struct MailParameters: Equatable, Sendable {
    package enum Body: String, Sendable {
        case sevenBit = "7BIT"
        case eightBitMIME = "8BITMIME"
    }

    /// What the client believes the message's size to be, in octets (RFC 1870).
    package var size: Int?
    /// RFC 6152.
    package var body: Body?
    /// RFC 6531.
    package var smtpUTF8: Bool
    /// Who submitted the message, says the client (RFC 4954 section 5); `<>` for unknown. We trust no such word.
    package var submitter: String?

    package init(size: Int? = nil, body: Body? = nil, smtpUTF8: Bool = false, submitter: String? = nil) {
        self.size = size
        self.body = body
        self.smtpUTF8 = smtpUTF8
        self.submitter = submitter
    }
}

/// Why a line is not a command. The stream is in step in every case.
package enum SMTPCommandError: Error, Equatable, Sendable {
    /// 500 5.5.2
    case unknownCommand
    /// 500 5.5.2: a bare LF, a bare CR, NUL or another control character.
    case controlCharacter
    /// 500 5.5.6
    case lineTooLong
    /// 501 5.5.4, with the form that we expect: `MAIL FROM:<address>`.
    case syntax(expected: String)
    /// 555 5.5.4: a parameter that we did not offer.
    case unsupportedParameter(String)
    /// 501 5.5.4: a BDAT whose size we cannot read. What follows may be message data: the connection must end.
    case unreadableChunkSize
    /// 502 5.5.1: known and not offered (EXPN, TURN, ETRN, …).
    case notImplemented
}
