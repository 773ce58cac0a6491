// SPDX-License-Identifier: Apache-2.0
import MailFormat

/// The text of a `text/*` part whose body comes in pieces: transfer encoding, character set and markup undone.
struct BodyText {
    /// Bytes that may wait for a place to cut at.
    private static let heldBytes = 64 * 1024

    private let encoding: String
    private let charset: CharsetDecoder
    private var html: HTMLText?
    private var held: [UInt8] = []

    init(_ part: MIMEPart) {
        encoding = part.encoding.lowercased()
        charset = CharsetDecoder(part.type["charset"] ?? "")
        html = part.subtype == "html" ? HTMLText() : nil
    }

    /// UTF-8, whole characters.
    mutating func take(_ bytes: ArraySlice<UInt8>, isLast: Bool) -> [UInt8] {
        let text = charset.decode(decoded(bytes, isLast: isLast)[...], isLast: isLast)
        return html?.strip(text, isLast: isLast) ?? text
    }

    private mutating func decoded(_ bytes: ArraySlice<UInt8>, isLast: Bool) -> [UInt8] {
        held += bytes
        let end: Int
        switch encoding {
        case "base64": end = isLast ? held.count : wholeGroups()
        case "quoted-printable": end = isLast ? held.count : wholeLines()
        default: end = held.count
        }
        let decoded = TransferEncoding.decode(held[..<end], encoding)
        held.removeFirst(end)
        // What is none of its characters may be any length.
        if encoding == "base64" { held.removeAll { !Self.isBase64($0) } }
        return decoded
    }

    /// Where four characters of base64 end, or padding does.
    private func wholeGroups() -> Int {
        var (end, characters) = (0, 0)
        for (index, byte) in held.enumerated() {
            if byte == UInt8(ascii: "=") {
                characters = 0
            } else if Self.isBase64(byte) {
                characters += 1
            }
            if characters & 3 == 0 { end = index + 1 }
        }
        return end
    }

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2F: true
        default: false
        }
    }

    /// Behind a line end; before an escape and white space, which a line end may follow, where there is none.
    private func wholeLines() -> Int {
        if let feed = held.lastIndex(of: 0x0A) { return feed + 1 }
        var end = held.count
        if let escape = held.suffix(2).firstIndex(of: UInt8(ascii: "=")) { end = escape }
        while end > 0, [0x20, 0x09, 0x0D, UInt8(ascii: "=")].contains(held[end - 1]) { end -= 1 }
        return end == 0 && held.count > Self.heldBytes ? held.count : end
    }
}
