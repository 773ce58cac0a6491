// SPDX-License-Identifier: Apache-2.0

/// The path of an address: names between slashes, with percent-encoding undone.
package struct DAVPath: Hashable, Sendable, CustomStringConvertible {
    package static let segmentLimit = 16
    package static let nameLimit = 255

    package let segments: [String]

    package init(_ segments: [String]) { self.segments = segments }

    /// A path, or a whole URL whose host is not looked at (clients write both in multiget). A slash at the end says
    /// nothing.
    ///
    /// `nil`: a name that is `.` or `..`, empty between slashes, too long, no UTF-8, or has a slash, NUL or control
    /// characters.
    package init?(parsing text: String) {
        var bytes = Array(text.utf8)[...]
        for scheme in ["https://", "http://"] where bytes.starts(with: scheme.utf8) {
            bytes = bytes.dropFirst(scheme.utf8.count)
            bytes = bytes.drop { $0 != 0x2F }
            if bytes.isEmpty { bytes = [0x2F] }
        }
        guard bytes.popFirst() == 0x2F, bytes.count <= Self.segmentLimit * Self.nameLimit * 3 else { return nil }
        bytes = bytes.prefix { $0 != 0x3F && $0 != 0x23 }
        guard !bytes.isEmpty else {
            segments = []
            return
        }
        if bytes.last == 0x2F { bytes.removeLast() }
        var segments: [String] = []
        for part in bytes.split(separator: 0x2F, omittingEmptySubsequences: false) {
            guard let decoded = Self.decoded(part), let name = String(validating: decoded, as: UTF8.self),
                Self.isName(name), segments.count < Self.segmentLimit
            else { return nil }
            segments.append(name)
        }
        self.segments = segments
    }

    /// Host and port of a whole URL, in lower case; nil: it is a path.
    package static func host(of text: String) -> String? {
        guard !text.hasPrefix("/"), let start = text.firstRange(of: "://")?.upperBound else { return nil }
        return text[start...].prefix { $0 != "/" }.lowercased()
    }

    /// Whether it may be the name of a resource.
    package static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= nameLimit && name != "." && name != ".."
            && !name.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F || $0 == "/" }
    }

    /// Of a resource, without a slash at the end.
    package var description: String {
        segments.isEmpty ? "/" : segments.map { "/" + Self.encoded($0) }.joined()
    }

    /// Of a collection, with a slash at the end.
    package var collection: String { segments.isEmpty ? "/" : description + "/" }

    private static func decoded(_ part: ArraySlice<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        var rest = part
        while let byte = rest.popFirst() {
            guard byte == 0x25 else {
                result.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
                return nil
            }
            result.append(high << 4 | low)
        }
        return result
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    /// Unreserved characters, and those of `pchar` that clients leave alone, stay (RFC 3986 section 3.3).
    private static func encoded(_ name: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in name.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E, 0x40, 0x21, 0x24, 0x28, 0x29, 0x2A,
                0x2B,
                0x2C, 0x3D, 0x3A:
                result.append(byte)
            default: result += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 0x0F)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
