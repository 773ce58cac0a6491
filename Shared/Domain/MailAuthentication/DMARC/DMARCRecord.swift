// SPDX-License-Identifier: Apache-2.0

/// A policy record (RFC 7489 section 6.3).
struct DMARCRecord {
    let policy: DMARC.Policy
    /// For names below the organizational domain.
    let subdomainPolicy: DMARC.Policy
    let isStrictSPF: Bool
    let isStrictDKIM: Bool
    /// Of failing messages, so many of a hundred fall under the policy.
    let percent: Int

    static func isRecord(_ text: [UInt8]) -> Bool {
        text.prefix { $0 != UInt8(ascii: ";") }.filter { $0 != 0x20 && $0 != 0x09 } == Array("v=DMARC1".utf8)
    }

    /// nil when the record is malformed; tags that are unknown or make no sense count as not there (section 6.6.3).
    init?(_ text: [UInt8]) {
        guard let tags = TagList(text), tags.first == "v", tags["v"] == "DMARC1" else { return nil }
        if let policy = tags["p"].flatMap({ DMARC.Policy(rawValue: $0.lowercased()) }) {
            self.policy = policy
        } else {
            guard tags["rua"]?.isEmpty == false else { return nil }
            policy = .none
        }
        subdomainPolicy = tags["sp"].flatMap { DMARC.Policy(rawValue: $0.lowercased()) } ?? policy
        isStrictSPF = tags["aspf"]?.lowercased() == "s"
        isStrictDKIM = tags["adkim"]?.lowercased() == "s"
        percent = min(100, (tags.number("pct") ?? nil) ?? 100)
    }
}
