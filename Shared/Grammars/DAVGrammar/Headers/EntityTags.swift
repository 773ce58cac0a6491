// SPDX-License-Identifier: Apache-2.0

/// If-Match and If-None-Match (RFC 9110 sections 13.1.1 and 13.1.2).
package enum EntityTags: Equatable, Sendable {
    /// `*`
    case any
    /// Without quotes. Weak ones are left out: our tags are strong.
    case tags([String])

    /// At most this many tags.
    static let limit = 100

    /// `nil`: malformed.
    package init?(_ field: String) {
        let text = field.trimmed
        if text == "*" {
            self = .any
            return
        }
        var tags: [String] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            while let byte = rest.first, byte == 0x20 || byte == 0x09 || byte == 0x2C { rest.removeFirst() }
            guard !rest.isEmpty else { break }
            let isWeak = rest.starts(with: "W/".utf8)
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.popFirst() == 0x22, let end = rest.firstIndex(of: 0x22), tags.count < Self.limit else {
                return nil
            }
            if !isWeak { tags.append(String(decoding: rest[..<end], as: UTF8.self)) }
            rest = rest[(end + 1)...]
        }
        self = .tags(tags)
    }
}
