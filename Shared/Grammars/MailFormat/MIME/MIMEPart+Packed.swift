// SPDX-License-Identifier: Apache-2.0

/// A parsed message in few bytes that are quickly read back. Numbers are LEB128 (7 bits a byte, the lowest first), texts a
/// number of bytes and UTF-8, lists a number and their items:
///
///     part      = present type [disposition] encoding [id] [description] [md5] [location] [languages]
///                 header-start header-length body-distance body-length lines [children] [envelope]
///     present   = a bit for each that may be missing: `PackedFields`, `PackedEnvelopeFields`
///     type      = value *(name value), counted; disposition alike
///     encoding  = 0 text, or 1…5 for those of RFC 2045
///     envelope  = present [date] [subject] from [sender] [reply-to] to cc bcc [in-reply-to] [message-id]
///     address   = 0 local-part domain, 1 display-name local-part domain, 2 group-name, 3 (the group's end)
extension MIMEPart {
    package var packed: [UInt8] {
        var out = PackedWriter()
        out.bytes.reserveCapacity(512)
        out.part(self)
        return out.bytes
    }

    /// Nil for anything that `packed` does not give: what ends early or goes on, ranges that run backwards or beyond a message
    /// of `size` bytes, more nesting than `depthLimit`.
    package init?(packed: [UInt8], size: Int) {
        var reader = PackedReader(packed, size: size)
        guard size >= 0, let part = try? reader.part(depth: 0), reader.isAtEnd else { return nil }
        self = part
    }
}

/// What of a part is there.
struct PackedFields: OptionSet {
    let rawValue: UInt8

    static let disposition = PackedFields(rawValue: 1)
    static let id = PackedFields(rawValue: 2)
    static let description = PackedFields(rawValue: 4)
    static let md5 = PackedFields(rawValue: 8)
    static let location = PackedFields(rawValue: 16)
    static let languages = PackedFields(rawValue: 32)
    static let children = PackedFields(rawValue: 64)
    static let envelope = PackedFields(rawValue: 128)
}

/// What of an envelope is there.
struct PackedEnvelopeFields: OptionSet {
    let rawValue: UInt8

    static let date = PackedEnvelopeFields(rawValue: 1)
    static let subject = PackedEnvelopeFields(rawValue: 2)
    /// One that is not From's.
    static let sender = PackedEnvelopeFields(rawValue: 4)
    static let replyTo = PackedEnvelopeFields(rawValue: 8)
    static let inReplyTo = PackedEnvelopeFields(rawValue: 16)
    static let messageID = PackedEnvelopeFields(rawValue: 32)
}

extension TransferEncoding {
    /// Those that are packed as a number, from 1 on. Never reordered.
    static let numbered = ["7bit", "8bit", "binary", "quoted-printable", "base64"]
}
