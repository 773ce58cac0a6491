// SPDX-License-Identifier: Apache-2.0

/// Reads a packed part from any bytes (`MIMEPart.packed` has the form). Nothing it makes is larger than what it read allows.
struct PackedReader {
    struct Unreadable: Error {}

    private let bytes: [UInt8]
    private let size: Int
    private var position = 0

    init(_ bytes: [UInt8], size: Int) { (self.bytes, self.size) = (bytes, size) }

    var isAtEnd: Bool { position == bytes.count }

    mutating func part(depth: Int) throws -> MIMEPart {
        guard depth <= MIMEPart.depthLimit else { throw Unreadable() }
        let present = try PackedFields(rawValue: byte())
        let type = try value()
        let disposition = try present.contains(.disposition) ? value() : nil
        let encoding = try number(upTo: TransferEncoding.numbered.count)
        var part = MIMEPart(
            type: type, disposition: disposition,
            encoding: try encoding == 0 ? text() : TransferEncoding.numbered[encoding - 1],
            id: try present.contains(.id) ? text() : nil,
            description: try present.contains(.description) ? text() : nil,
            md5: try present.contains(.md5) ? text() : nil,
            languages: [], location: try present.contains(.location) ? text() : nil,
            header: 0..<0, body: 0..<0, lines: 0, children: [], envelope: nil)
        if present.contains(.languages) { part.languages = try list { try $0.text() } }
        part.header = try range(from: 0)
        part.body = try range(from: part.header.upperBound)
        part.lines = try number(upTo: size)
        if present.contains(.children) { part.children = try list { try $0.part(depth: depth + 1) } }
        if present.contains(.envelope) { part.envelope = try envelope() }
        return part
    }

    private mutating func envelope() throws -> Envelope {
        let present = try PackedEnvelopeFields(rawValue: byte())
        let date = try present.contains(.date) ? text() : nil
        let subject = try present.contains(.subject) ? text() : nil
        let from = try addresses()
        return Envelope(
            date: date, subject: subject, from: from,
            sender: try present.contains(.sender) ? addresses() : from,
            replyTo: try present.contains(.replyTo) ? addresses() : from,
            to: try addresses(), cc: try addresses(), bcc: try addresses(),
            inReplyTo: try present.contains(.inReplyTo) ? text() : nil,
            messageID: try present.contains(.messageID) ? text() : nil)
    }

    private mutating func addresses() throws -> [AddressItem] {
        try list { reader in
            switch try reader.number(upTo: 3) {
            case 0: .mailbox(MailboxEntry(displayName: nil, localPart: try reader.text(), domain: try reader.text()))
            case 1:
                .mailbox(
                    MailboxEntry(
                        displayName: try reader.text(), localPart: try reader.text(), domain: try reader.text()))
            case 2: .groupStart(try reader.text())
            default: .groupEnd
            }
        }
    }

    private mutating func value() throws -> ParameterizedValue {
        ParameterizedValue(
            value: try text(),
            parameters: try list { .init(name: try $0.text(), value: try $0.text()) })
    }

    /// An item has a byte at least, so that a count is never more than what is left.
    private mutating func list<T>(_ item: (inout PackedReader) throws -> T) throws -> [T] {
        let count = try number(upTo: bytes.count - position)
        var items: [T] = []
        for _ in 0..<count { items.append(try item(&self)) }
        return items
    }

    private mutating func range(from start: Int) throws -> Range<Int> {
        let lower = start + (try number(upTo: size - start))
        return lower..<lower + (try number(upTo: size - lower))
    }

    private mutating func text() throws -> String {
        let count = try number(upTo: bytes.count)
        guard count <= bytes.count - position else { throw Unreadable() }
        defer { position += count }
        return String(decoding: bytes[position..<position + count], as: UTF8.self)
    }

    private mutating func number(upTo limit: Int) throws -> Int {
        var (number, shift) = (0, 0)
        while true {
            let byte = try byte()
            number |= Int(byte & 0x7F) << shift
            if byte < 0x80 { break }
            shift += 7
            guard shift < 63 else { throw Unreadable() }
        }
        guard number <= limit else { throw Unreadable() }
        return number
    }

    private mutating func byte() throws -> UInt8 {
        guard position < bytes.count else { throw Unreadable() }
        defer { position += 1 }
        return bytes[position]
    }
}
