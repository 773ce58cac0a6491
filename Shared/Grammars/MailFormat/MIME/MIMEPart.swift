// SPDX-License-Identifier: Apache-2.0

/// A message or a part of one, by where it stands (RFC 2045, RFC 2046). All ranges are offsets into the whole message.
package struct MIMEPart: Sendable, Equatable, Codable {
    /// Lower case, as in `text/plain`; the default where a header says nothing that makes sense.
    package var type: ParameterizedValue
    package var disposition: ParameterizedValue?
    /// Lower case; `7bit` when the header does not say.
    package var encoding: String
    package var id: String?
    package var description: String?
    package var md5: String?
    package var languages: [String]
    package var location: String?
    /// The part's header with its empty line.
    package var header: Range<Int>
    /// Without the line end that belongs to the boundary behind it.
    package var body: Range<Int>
    /// Line ends in the body.
    package var lines: Int
    /// A multipart's parts; of `message/rfc822` and `message/global` (RFC 6532) the one message in it.
    package var children: [MIMEPart]
    /// Of the message itself, at the root, and of the message inside `message/rfc822`, at that child.
    package var envelope: Envelope?

    package var isMultipart: Bool { type.value.hasPrefix("multipart/") && !children.isEmpty }
    package var isMessage: Bool { isMessageType && !children.isEmpty }
    /// Whether it says that it is a message. One that is encoded, or too deep, has no child all the same.
    package var isMessageType: Bool { ["message/rfc822", "message/global"].contains(type.value) }
    package var mainType: String { String(type.value.prefix { $0 != "/" }) }
    package var subtype: String { String(type.value.drop { $0 != "/" }.dropFirst()) }

    /// The part that an IMAP section number names (RFC 9051 section 6.4.5.1). Empty: the message itself.
    package func part(_ numbers: some Collection<Int>) -> MIMEPart? {
        guard let number = numbers.first else { return self }
        // Only a message has the part 1 that is its own body; a leaf inside a multipart has none.
        guard isMultipart || isMessage || envelope != nil else { return nil }
        let rest = numbers.dropFirst()
        let message = isMessage ? children[0] : self
        if message.isMultipart {
            guard message.children.indices.contains(number - 1) else { return nil }
            return message.children[number - 1].part(rest)
        }
        guard number == 1 else { return nil }
        return rest.isEmpty ? message : message.isMessage ? message.part(rest) : nil
    }

    /// The body with its transfer encoding undone.
    package func decodedBody(in message: [UInt8]) -> [UInt8] {
        TransferEncoding.decode(message[body.clamped(to: 0..<message.count)], encoding)
    }

    /// The name that a file of this part would have.
    package var fileName: String? { disposition?["filename"] ?? type["name"] }
}
