// SPDX-License-Identifier: Apache-2.0

/// Writes what `PackedReader` reads.
struct PackedWriter {
    var bytes: [UInt8] = []

    mutating func part(_ part: MIMEPart) {
        var present: PackedFields = []
        if part.disposition != nil { present.insert(.disposition) }
        if part.id != nil { present.insert(.id) }
        if part.description != nil { present.insert(.description) }
        if part.md5 != nil { present.insert(.md5) }
        if part.location != nil { present.insert(.location) }
        if !part.languages.isEmpty { present.insert(.languages) }
        if !part.children.isEmpty { present.insert(.children) }
        if part.envelope != nil { present.insert(.envelope) }
        bytes.append(present.rawValue)
        value(part.type)
        if let disposition = part.disposition { value(disposition) }
        if let known = TransferEncoding.numbered.firstIndex(of: part.encoding) {
            number(known + 1)
        } else {
            number(0)
            text(part.encoding)
        }
        for each in [part.id, part.description, part.md5, part.location] { if let each { text(each) } }
        if !part.languages.isEmpty { list(part.languages) { $0.text($1) } }
        number(part.header.lowerBound)
        number(part.header.count)
        number(part.body.lowerBound - part.header.upperBound)
        number(part.body.count)
        number(part.lines)
        if !part.children.isEmpty { list(part.children) { $0.part($1) } }
        if let envelope = part.envelope { self.envelope(envelope) }
    }

    private mutating func envelope(_ envelope: Envelope) {
        var present: PackedEnvelopeFields = []
        if envelope.date != nil { present.insert(.date) }
        if envelope.subject != nil { present.insert(.subject) }
        if envelope.sender != envelope.from { present.insert(.sender) }
        if envelope.replyTo != envelope.from { present.insert(.replyTo) }
        if envelope.inReplyTo != nil { present.insert(.inReplyTo) }
        if envelope.messageID != nil { present.insert(.messageID) }
        bytes.append(present.rawValue)
        if let date = envelope.date { text(date) }
        if let subject = envelope.subject { text(subject) }
        addresses(envelope.from)
        if present.contains(.sender) { addresses(envelope.sender) }
        if present.contains(.replyTo) { addresses(envelope.replyTo) }
        for items in [envelope.to, envelope.cc, envelope.bcc] { addresses(items) }
        if let inReplyTo = envelope.inReplyTo { text(inReplyTo) }
        if let messageID = envelope.messageID { text(messageID) }
    }

    private mutating func addresses(_ items: [AddressItem]) {
        list(items) { out, item in
            switch item {
            case .mailbox(let entry):
                out.number(entry.displayName == nil ? 0 : 1)
                if let name = entry.displayName { out.text(name) }
                out.text(entry.localPart)
                out.text(entry.domain)
            case .groupStart(let name):
                out.number(2)
                out.text(name)
            case .groupEnd: out.number(3)
            }
        }
    }

    private mutating func value(_ value: ParameterizedValue) {
        text(value.value)
        list(value.parameters) { out, parameter in
            out.text(parameter.name)
            out.text(parameter.value)
        }
    }

    private mutating func list<T>(_ items: [T], _ write: (inout PackedWriter, T) -> Void) {
        number(items.count)
        for item in items { write(&self, item) }
    }

    private mutating func text(_ text: String) {
        number(text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func number(_ number: Int) {
        var rest = UInt(number)
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
