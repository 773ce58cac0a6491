// SPDX-License-Identifier: Apache-2.0
import DNSClient
import MailFormat

/// Domain-based Message Authentication, Reporting and Conformance (RFC 7489): does what was authenticated speak for the
/// author?
package enum DMARC {
    /// Section 11.2.
    package enum Result: String, Sendable {
        case none, pass, fail, temperror, permerror
    }

    package enum Policy: String, Sendable {
        case none, quarantine, reject
    }

    package struct Outcome: Sendable {
        package let result: Result
        /// The author's domain, A-labels; nil when the message names none that can be looked up.
        package let domain: String?
        /// What the domain asks to do with this message when it fails, `pct` taken into account; nil without a record.
        package let policy: Policy?
    }

    /// Domains of the From that are looked at; a message with more is a permerror.
    package static let authors = 10

    /// The outcome for the author's domain; where From names several, the worst.
    /// - Parameters:
    ///   - header: of `message`.
    ///   - draw: 1 to 100, against `pct`.
    package static func evaluate(
        _ message: [UInt8], _ header: MessageHeader, spf: SPF.Outcome, dkim: [DKIM.Outcome], resolver: any Resolver,
        draw: Int = .random(in: 1...100)
    ) async -> Outcome {
        guard let domains = authorDomains(header, message) else {
            return Outcome(result: .permerror, domain: nil, policy: nil)
        }
        var worst = Outcome(result: .none, domain: nil, policy: nil)
        for domain in domains {
            let outcome = await evaluate(domain, spf, dkim, resolver, draw)
            if worst.domain == nil || rank(outcome) > rank(worst) { worst = outcome }
        }
        return worst
    }

    /// Whether a TXT record is a policy record at all, right or wrong (RFC 7489 section 6.6.3).
    package static func isRecord(_ text: [UInt8]) -> Bool { DMARCRecord.isRecord(text) }

    /// Whether it is one that receivers follow.
    package static func isPolicy(_ text: [UInt8]) -> Bool { isRecord(text) && DMARCRecord(text) != nil }

    private static func rank(_ outcome: Outcome) -> Int {
        switch (outcome.result, outcome.policy) {
        case (.fail, .reject): 6
        case (.fail, .quarantine): 5
        case (.fail, _): 4
        case (.temperror, _): 3
        case (.permerror, _): 2
        case (.none, _): 1
        case (.pass, _): 0
        }
    }

    /// Of every mailbox in every From field; nil when one of them is no domain name or there are too many.
    private static func authorDomains(_ header: MessageHeader, _ message: [UInt8]) -> [String]? {
        var domains: [String] = []
        for field in header.all("From") {
            for mailbox in AddressList.mailboxes(header.text(field, in: message)) where !mailbox.domain.isEmpty {
                guard let domain = DomainName.canonical(mailbox.domain) else { return nil }
                if !domains.contains(domain) { domains.append(domain) }
                guard domains.count <= authors else { return nil }
            }
        }
        return domains
    }

    private static func evaluate(
        _ domain: String, _ spf: SPF.Outcome, _ dkim: [DKIM.Outcome], _ resolver: any Resolver, _ draw: Int
    ) async -> Outcome {
        let organization = PublicSuffixes.shared.organizationalDomain(of: domain)
        var isOwn = true
        var answer = await record(domain, resolver)
        if case .missing = answer, organization != domain {
            isOwn = false
            answer = await record(organization, resolver)
        }
        switch answer {
        case .temporary: return Outcome(result: .temperror, domain: domain, policy: nil)
        case .missing: return Outcome(result: .none, domain: domain, policy: nil)
        case .malformed: return Outcome(result: .permerror, domain: domain, policy: nil)
        case .found(let record):
            let asked = isOwn ? record.policy : record.subdomainPolicy
            // Outside of the share, the next milder policy applies (section 6.6.4).
            let policy: Policy = draw <= record.percent ? asked : (asked == .reject ? .quarantine : .none)
            let result = alignment(domain, organization, record, spf, dkim)
            return Outcome(result: result, domain: domain, policy: policy)
        }
    }

    /// Section 3.1.
    private static func alignment(
        _ domain: String, _ organization: String, _ record: DMARCRecord, _ spf: SPF.Outcome, _ dkim: [DKIM.Outcome]
    ) -> Result {
        func isAligned(_ other: String, _ isStrict: Bool) -> Bool {
            guard let other = DomainName.canonical(other) else { return false }
            if other == domain { return true }
            return !isStrict && PublicSuffixes.shared.organizationalDomain(of: other) == organization
        }
        var isTemporary = false
        if isAligned(spf.domain, record.isStrictSPF) {
            if spf.result == .pass { return .pass }
            if spf.result == .temperror { isTemporary = true }
        }
        for outcome in dkim {
            guard let signer = outcome.domain, isAligned(signer, record.isStrictDKIM) else { continue }
            if outcome.result == .pass { return .pass }
            if outcome.result == .temperror { isTemporary = true }
        }
        return isTemporary ? .temperror : .fail
    }

    private enum Found {
        case found(DMARCRecord)
        case missing
        case malformed
        case temporary
    }

    /// Section 6.6.3: other TXT records do not count, two policies are none.
    private static func record(_ domain: String, _ resolver: any Resolver) async -> Found {
        guard let texts = await resolver.txt("_dmarc." + domain).records else { return .temporary }
        let records = texts.filter(DMARCRecord.isRecord)
        guard records.count == 1 else { return .missing }
        return DMARCRecord(records[0]).map { .found($0) } ?? .malformed
    }
}
