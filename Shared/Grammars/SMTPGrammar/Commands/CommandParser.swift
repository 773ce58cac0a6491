// SPDX-License-Identifier: Apache-2.0

/// A command line, without its CRLF, to a value. Pure: no state, no limits but `SMTPLimits`.
package enum CommandParser {
    package static func parse(_ line: some Collection<UInt8>) throws(SMTPCommandError) -> SMTPCommand {
        let line = ArraySlice(Array(line))
        let verbEnd = line.firstIndex(of: 0x20) ?? line.endIndex
        let verb = upper(line[..<verbEnd])
        let isAuthentication = verb == "AUTH"
        guard line.count <= (isAuthentication ? SMTPLimits.authenticationLine : SMTPLimits.commandLine) else {
            throw .lineTooLong
        }
        guard !line.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { throw .controlCharacter }
        let rest = trimmed(line[verbEnd...])

        switch verb {
        case "EHLO": return .ehlo(try clientName(rest, "EHLO hostname"))
        case "HELO": return .helo(try clientName(rest, "HELO hostname"))
        case "MAIL": return try mail(rest)
        case "RCPT": return try recipient(rest)
        case "DATA": return try bare(.data, rest, "DATA")
        case "BDAT": return try chunk(rest)
        case "RSET": return try bare(.rset, rest, "RSET")
        case "QUIT": return try bare(.quit, rest, "QUIT")
        case "STARTTLS": return try bare(.startTLS, rest, "STARTTLS")
        case "AUTH": return try authentication(rest)
        case "NOOP": return .noop
        case "VRFY": return .vrfy
        case "HELP": return .help
        case "EXPN", "TURN", "ETRN", "ATRN", "SEND", "SOML", "SAML", "BURL", "XCLIENT", "XFORWARD":
            throw .notImplemented
        default: throw .unknownCommand
        }
    }

    private static func bare(
        _ command: SMTPCommand, _ rest: ArraySlice<UInt8>, _ form: String
    ) throws(SMTPCommandError) -> SMTPCommand {
        guard rest.isEmpty else { throw .syntax(expected: form) }
        return command
    }

    private static func clientName(
        _ rest: ArraySlice<UInt8>, _ form: String
    ) throws(SMTPCommandError) -> String {
        guard let name = PathParser.domainOrLiteral(rest) else { throw .syntax(expected: form) }
        return name
    }

    // mail = "MAIL FROM:" Reverse-path [SP Mail-parameters]
    private static func mail(_ rest: ArraySlice<UInt8>) throws(SMTPCommandError) -> SMTPCommand {
        let form = "MAIL FROM:<address>"
        guard let text = after("FROM:", rest), let (path, tail) = PathParser.reversePath(text) else {
            throw .syntax(expected: form)
        }
        var parameters = MailParameters()
        var seen: Set<String> = []
        for (name, value) in try Self.parameters(tail, form) {
            guard seen.insert(name).inserted else { throw .syntax(expected: form) }
            switch name {
            case "SIZE":
                guard let size = value.flatMap(number) else { throw .syntax(expected: "SIZE=octets") }
                parameters.size = size
            case "BODY":
                guard let value else { throw .syntax(expected: "BODY=8BITMIME") }
                guard let body = MailParameters.Body(rawValue: upper(value)) else {
                    throw .unsupportedParameter("BODY=\(printable(value))")
                }
                parameters.body = body
            case "SMTPUTF8":
                guard value == nil else { throw .syntax(expected: "SMTPUTF8") }
                parameters.smtpUTF8 = true
            case "AUTH":
                guard let submitter = value.flatMap(XText.decode) else { throw .syntax(expected: "AUTH=<>") }
                parameters.submitter = submitter
            default:
                throw .unsupportedParameter(name)
            }
        }
        return .mail(path, parameters)
    }

    // rcpt = "RCPT TO:" Forward-path [SP Rcpt-parameters]
    private static func recipient(_ rest: ArraySlice<UInt8>) throws(SMTPCommandError) -> SMTPCommand {
        let form = "RCPT TO:<address>"
        guard let text = after("TO:", rest), let (path, tail) = PathParser.forwardPath(text) else {
            throw .syntax(expected: form)
        }
        if let (name, _) = try parameters(tail, form).first { throw .unsupportedParameter(name) }
        return .rcpt(path)
    }

    // bdat = "BDAT" SP chunk-size [ SP "LAST" ]   (RFC 3030 section 2)
    private static func chunk(_ rest: ArraySlice<UInt8>) throws(SMTPCommandError) -> SMTPCommand {
        let words = rest.split(separator: 0x20)
        guard (1...2).contains(words.count), let size = number(words[0]) else { throw .unreadableChunkSize }
        guard words.count == 2 else { return .bdat(size: size, last: false) }
        guard upper(words[1]) == "LAST" else { throw .unreadableChunkSize }
        return .bdat(size: size, last: true)
    }

    // auth = "AUTH" SP sasl-mech [SP initial-response]   (RFC 4954 section 4)
    private static func authentication(_ rest: ArraySlice<UInt8>) throws(SMTPCommandError) -> SMTPCommand {
        let words = rest.split(separator: 0x20)
        guard (1...2).contains(words.count), words[0].count <= 20 else {
            throw .syntax(expected: "AUTH mechanism [initial-response]")
        }
        return .auth(mechanism: printable(words[0]), initialResponse: words.count == 2 ? Array(words[1]) : nil)
    }

    /// What follows a keyword (any letter case) and the blanks that many clients send behind it.
    private static func after(_ keyword: String, _ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard upper(bytes.prefix(keyword.utf8.count)) == keyword else { return nil }
        return bytes.dropFirst(keyword.utf8.count).drop { $0 == 0x20 }
    }

    /// `SP keyword ["=" value]` repeated; at most 16.
    private static func parameters(
        _ bytes: ArraySlice<UInt8>, _ form: String
    ) throws(SMTPCommandError) -> [(name: String, value: ArraySlice<UInt8>?)] {
        guard bytes.isEmpty || bytes.first == 0x20 else { throw .syntax(expected: form) }
        let words = bytes.split(separator: 0x20)
        guard words.count <= 16 else { throw .syntax(expected: form) }
        var result: [(name: String, value: ArraySlice<UInt8>?)] = []
        for word in words {
            let equals = word.firstIndex(of: 0x3D)
            let keyword = word[..<(equals ?? word.endIndex)]
            let value = equals.map { word[($0 + 1)...] }
            guard let first = keyword.first, isAlphanumeric(first), keyword.count <= 64,
                keyword.allSatisfy({ isAlphanumeric($0) || $0 == 0x2D }), value?.isEmpty != true
            else { throw .syntax(expected: form) }
            result.append((upper(keyword), value))
        }
        return result
    }

    /// A decimal number of at most `SMTPLimits.sizeDigits` digits.
    static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...SMTPLimits.sizeDigits).contains(digits.count) else { return nil }
        var value = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int(digit - 0x30)
        }
        return value
    }

    static func upper(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.map { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 }, as: UTF8.self)
    }

    private static func printable(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix(64).map { (0x21...0x7E).contains($0) ? $0 : 0x3F }, as: UTF8.self)
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes
        while bytes.first == 0x20 { bytes.removeFirst() }
        while bytes.last == 0x20 { bytes.removeLast() }
        return bytes
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
