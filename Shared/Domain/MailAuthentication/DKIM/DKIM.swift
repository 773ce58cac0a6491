// SPDX-License-Identifier: Apache-2.0
import DNSClient
import MailFormat

/// DomainKeys Identified Mail: verification (RFC 6376 section 6, RFC 8301, RFC 8463).
package enum DKIM {
    /// RFC 8601 section 2.7.1.
    package enum Result: String, Sendable {
        case pass, fail, policy, temperror, permerror
    }

    package struct Outcome: Sendable {
        package let result: Result
        /// A fixed phrase of ours.
        package let reason: String?
        /// nil when the field was too broken to name it. A-labels.
        package let domain: String?
        package let selector: String?
        package let algorithm: SigningAlgorithm?
        /// The first characters of the signature, which tell several apart (RFC 6008).
        package let signature: String?
    }

    /// Signatures that are verified, from the top; the others are as if they were not there.
    package static let signatures = 10

    /// One outcome for each signature from the top; none for a message without.
    /// - Parameters:
    ///   - message: with CRLF line ends.
    ///   - header: of `message`.
    ///   - seconds: since 1970, for signatures that run out.
    package static func verify(
        _ message: [UInt8], _ header: MessageHeader, seconds: Int, resolver: any Resolver
    ) async -> [Outcome] {
        var bodies = MessageSignature.BodyHashes(message[header.range.upperBound...])
        var outcomes: [Outcome] = []
        for field in header.fields.lazy.filter({ $0.isNamed("DKIM-Signature") }).prefix(signatures) {
            do {
                let signature = try MessageSignature(field, in: message, usualForms: "simple/simple")
                let (result, reason) = try await check(signature, header, message, &bodies, seconds, resolver)
                let text = signature.field.tags.compact("b")?.prefix(8)
                outcomes.append(
                    Outcome(
                        result: result, reason: reason, domain: signature.field.domain,
                        selector: signature.field.selector,
                        algorithm: signature.field.algorithm, signature: text.map(String.init)))
            } catch {
                outcomes.append(
                    Outcome(
                        result: .permerror, reason: error.reason, domain: nil, selector: nil, algorithm: nil,
                        signature: nil))
            }
        }
        return outcomes
    }

    /// Whether two key records publish the same key, in a form that verifiers take (section 3.6.1).
    package static func publishSameKey(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        guard PublicKeyRecord(one) != nil, PublicKeyRecord(other) != nil, let one = TagList(one),
            let other = TagList(other)
        else { return false }
        return one.compact("p") == other.compact("p") && (one["k"] ?? "rsa") == (other["k"] ?? "rsa")
    }

    private static func check(
        _ signature: MessageSignature, _ header: MessageHeader, _ message: [UInt8],
        _ bodies: inout MessageSignature.BodyHashes, _ seconds: Int, _ resolver: any Resolver
    ) async throws(SignatureField.Malformed) -> (Result, String?) {
        let tags = signature.field.tags
        guard tags["v"] == "1" else { return (.permerror, "unknown version") }
        guard signature.signedFields.contains("from") else { return (.permerror, "From is not signed") }
        let identity = try identityDomain(signature.field)
        if let end = tags.number("x") ?? nil {
            if let start = tags.number("t") ?? nil, start > end { return (.permerror, "runs out before it was made") }
            guard seconds <= end else { return (.policy, "run out") }
        }
        // The cheap check first: no question to the DNS for a body that was changed.
        guard bodies.matches(signature) else { return (.fail, "body changed") }
        switch await KeyLookup(signature.field, resolver) {
        case .temporary: return (.temperror, "key not to be had")
        case .missing: return (.permerror, "no key")
        case .found(let record):
            switch record.key {
            case .revoked: return (.permerror, "key revoked")
            case .weak: return (.policy, "key too short")
            case .rsa, .ed25519: break
            }
            guard !record.isStrict || identity == signature.field.domain else {
                return (.permerror, "identity below the domain")
            }
            guard record.verifies(signature.field.signature, of: signature.input(header, message)) else {
                return (.fail, "signature does not match")
            }
            return (.pass, record.isTesting ? "testing" : nil)
        }
    }

    /// The domain of i=, which must be d= or below it.
    private static func identityDomain(_ field: SignatureField) throws(SignatureField.Malformed) -> String {
        guard let identity = field.tags["i"] else { return field.domain }
        guard let at = identity.lastIndex(of: "@"),
            let domain = DomainName.canonical(identity[identity.index(after: at)...]),
            domain == field.domain || domain.hasSuffix("." + field.domain)
        else { throw SignatureField.Malformed(reason: "identity outside the domain") }
        return domain
    }
}
