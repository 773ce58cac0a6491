// SPDX-License-Identifier: Apache-2.0

/// `class "." subject "." detail` (RFC 3463 section 2): `5.1.1`.
package struct EnhancedStatusCode: Hashable, Sendable, CustomStringConvertible {
    /// 2, 4 or 5.
    package let statusClass: Int
    /// 0…999
    package let subject: Int
    /// 0…999
    package let detail: Int

    package init(_ statusClass: Int, _ subject: Int, _ detail: Int) {
        self.statusClass = statusClass
        self.subject = subject
        self.detail = detail
    }

    /// A code at the start of `text`, which must be followed by a space or by nothing.
    init?(leading text: ArraySlice<UInt8>) {
        let word = text.prefix { $0 != 0x20 }
        let parts = word.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ (1...3).contains($0.count) }),
            let first = CommandParser.number(parts[0]), [2, 4, 5].contains(first),
            let second = CommandParser.number(parts[1]), let third = CommandParser.number(parts[2])
        else { return nil }
        self.init(first, second, third)
    }

    package var description: String { "\(statusClass).\(subject).\(detail)" }
}
