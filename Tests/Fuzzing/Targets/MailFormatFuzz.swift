// SPDX-License-Identifier: Apache-2.0
import MailFormat

enum MailFormatFuzz {
    /// Every part lies inside the message, headers and bodies in order; what is decoded is not larger than its source
    /// allows.
    static func message(_ input: [UInt8]) {
        var parts = 0
        let root = MIMEPart(parsing: input)
        check(root, in: input, depth: 0, &parts)
        promise(MIMEPart(packed: root.packed, size: input.count) == root, "a packed message does not come back")
    }

    /// What is read from any bytes lies inside the message and is no larger than they are; packed again it is the same.
    static func structure(_ input: [UInt8]) {
        let size = 100_000
        guard let root = MIMEPart(packed: input, size: size) else { return }
        var parts = 0
        check(root, in: [UInt8](repeating: 0x41, count: size), depth: 0, &parts)
        promise(MIMEPart(packed: root.packed, size: size) == root, "a packed structure does not come back")
    }

    private static func check(_ part: MIMEPart, in input: [UInt8], depth: Int, _ parts: inout Int) {
        parts += 1
        promise(depth <= MIMEPart.depthLimit + 1 && parts <= MIMEPart.partLimit + 1, "more parts than the limit")
        promise(
            0 <= part.header.lowerBound && part.header.upperBound <= part.body.lowerBound, "a header behind its body")
        promise(part.body.upperBound <= input.count, "a part outside the message")
        promise(part.decodedBody(in: input).count <= part.body.count, "a body that grows")
        _ = Charset.decode(part.decodedBody(in: input).prefix(1_000), part.type["charset"] ?? "")
        _ = part.fileName
        for child in part.children { check(child, in: input, depth: depth + 1, &parts) }
    }

    /// Fields cover the header without a gap; addresses, dates, words and names are read without harm.
    static func header(_ input: [UInt8]) {
        let header = MessageHeader(input)
        var end = 0
        for field in header.fields {
            promise(
                field.raw.lowerBound == end && field.body.upperBound <= field.raw.upperBound, "a gap between fields")
            end = field.raw.upperBound
        }
        promise(
            end <= header.range.upperBound && header.range.upperBound <= input.count, "a header outside the message")
        _ = Envelope(header, of: input)

        let text = String(decoding: input, as: UTF8.self)
        for mailbox in AddressList.mailboxes(text) { _ = mailbox.address.map { MailAddress(parsing: $0.description) } }
        if let address = MailAddress(parsing: text) {
            promise(MailAddress(parsing: address.description) == address, "an address does not come back")
        }
        if let date = DateTime(parsing: text) {
            promise(DateTime(parsing: date.description)?.seconds == date.seconds, "a date does not come back")
        }
        if let domain = DomainName.canonical(text) {
            promise(DomainName.canonical(domain) == domain, "a name changes again")
        }
        _ = EncodedWord.decode(text)
        _ = ParameterizedValue(parsing: text)
    }
}
