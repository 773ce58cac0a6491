// SPDX-License-Identifier: Apache-2.0

/// One grammar each: takes any octets and stops the program when what the grammar promises does not hold. libFuzzer and
/// the ordinary tests call the same functions.
package enum FuzzTarget: String, CaseIterable, Sendable {
    case imap, smtp
    case smtpData = "smtp-data"
    case smtpReply = "smtp-reply"
    case pop3, sasl, message, header, structure, proxy, dav, calendar

    package func run(_ input: [UInt8]) {
        switch self {
        case .imap: IMAPFuzz.run(input)
        case .smtp: SMTPFuzz.commands(input)
        case .smtpData: SMTPFuzz.data(input)
        case .smtpReply: SMTPFuzz.replies(input)
        case .pop3: POP3Fuzz.run(input)
        case .sasl: SASLFuzz.run(input)
        case .message: MailFormatFuzz.message(input)
        case .header: MailFormatFuzz.header(input)
        case .structure: MailFormatFuzz.structure(input)
        case .proxy: ProxyFuzz.run(input)
        case .dav: DAVFuzz.run(input)
        case .calendar: CalendarFuzz.run(input)
        }
    }
}

/// Ends the program, in release builds too.
func promise(_ holds: Bool, _ what: String) {
    guard holds else { fatalError(what) }
}

/// The input in pieces of that many octets.
func pieces(_ input: ArraySlice<UInt8>, of size: Int) -> [ArraySlice<UInt8>] {
    stride(from: input.startIndex, to: input.endIndex, by: max(1, size)).map {
        input[$0..<min($0 + max(1, size), input.endIndex)]
    }
}
