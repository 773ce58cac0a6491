// SPDX-License-Identifier: Apache-2.0
import DNSClient
import MailFormat

/// Sender Policy Framework (RFC 7208, with RFC 8616 for names that are not ASCII).
package enum SPF {
    /// Section 2.6; the raw values are the words of section 8 in Authentication-Results.
    package enum Result: String, Sendable {
        case none, neutral, pass, fail, softfail, temperror, permerror
    }

    package enum Identity: String, Sendable {
        case mailFrom = "smtp.mailfrom"
        case helo = "smtp.helo"
    }

    package struct Outcome: Sendable {
        package let result: Result
        /// What the domain says about a fail, ASCII, at most `explanationBytes`; foreign text, to be marked as such.
        package let explanation: String?
        /// A-labels.
        package let domain: String
        package let identity: Identity
    }

    /// Terms that ask the DNS, answers without records, and names of an MX or PTR (section 4.6.4).
    package static let lookups = 10
    package static let voidLookups = 2
    package static let names = 10
    package static let explanationBytes = 400
    /// Of the whole check; past it the result is temperror.
    package static let time: Duration = .seconds(20)

    /// - Parameters:
    ///   - reversePath: as in MAIL FROM, without brackets; empty: the HELO identity is checked as `postmaster@helo`.
    ///   - hostname: our own name, for the macro r.
    package static func check(
        client: IPAddress, helo: String, reversePath: String, hostname: String, resolver: any Resolver
    ) async -> Outcome {
        let helo = String(helo.prefix(255))
        let identity: Identity = reversePath.isEmpty ? .helo : .mailFrom
        var (local, domain) = ("postmaster", helo)
        if identity == .mailFrom {
            let at = reversePath.lastIndex(of: "@")
            domain = at.map { String(reversePath[reversePath.index(after: $0)...]) } ?? reversePath
            if let at, at > reversePath.startIndex { local = String(reversePath[..<at].prefix(255)) }
        }
        if !domain.utf8.allSatisfy({ $0 < 0x80 }) { domain = DomainName.canonical(domain) ?? "" }
        guard isCheckable(domain) else {
            let shown = domain.utf8.count <= 255 && DomainName.canonical(domain) != nil ? domain : ""
            return Outcome(result: .none, explanation: nil, domain: shown, identity: identity)
        }
        var evaluation = SPFEvaluation(
            client: client, local: local, senderDomain: domain, helo: helo, hostname: hostname, resolver: resolver)
        let result = await evaluation.check(domain)
        return Outcome(
            result: result, explanation: result == .fail ? evaluation.explanation : nil, domain: domain,
            identity: identity)
    }

    /// Whether a TXT record is an SPF record at all, right or wrong (section 4.5).
    package static func isRecord(_ text: [UInt8]) -> Bool { SPFRecord.isRecord(text) }

    /// Section 4.3: a multi-label name with labels of 1 to 63 bytes.
    private static func isCheckable(_ domain: String) -> Bool {
        let name = domain.hasSuffix(".") ? domain.dropLast() : domain[...]
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return labels.count >= 2 && name.utf8.count <= 253 && labels.allSatisfy { (1...63).contains($0.count) }
            && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } && !name.contains("[")
    }
}
