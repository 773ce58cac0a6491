// SPDX-License-Identifier: Apache-2.0

/// The Authentication-Results field (RFC 8601). What it quotes from a message is a checked domain name or is left out:
/// nothing of a sender's can end a line, a comment or a quoted string.
struct AuthenticationResults {
    /// Our name, which readers trust.
    let hostname: String
    let spf: SPF.Outcome
    let dkim: [DKIM.Outcome]
    let dmarc: DMARC.Outcome
    let arc: ARC.Outcome

    /// The whole field with its CRLF.
    var field: String {
        let results = [spfResult] + dkimResults + [dmarcResult, arcResult]
        return "Authentication-Results: \(hostname);\r\n\t" + results.joined(separator: ";\r\n\t") + "\r\n"
    }

    private var spfResult: String {
        "spf=\(spf.result.rawValue)" + Self.property(spf.identity.rawValue, spf.domain)
    }

    private var dkimResults: [String] {
        guard !dkim.isEmpty else { return ["dkim=none"] }
        return dkim.map { outcome in
            var text = "dkim=\(outcome.result.rawValue)"
            if let reason = outcome.reason { text += " (\(reason))" }
            text += Self.property("header.d", outcome.domain) + Self.property("header.s", outcome.selector)
            if let algorithm = outcome.algorithm { text += " header.a=\(algorithm.rawValue)" }
            // Base64 needs the quotes (RFC 6008).
            if let signature = outcome.signature { text += " header.b=\"\(signature)\"" }
            return text
        }
    }

    private var dmarcResult: String {
        let policy = dmarc.policy.map { " (p=\($0.rawValue))" } ?? ""
        return "dmarc=\(dmarc.result.rawValue)" + policy + Self.property("header.from", dmarc.domain)
    }

    private var arcResult: String {
        "arc=\(arc.result.rawValue)" + (arc.sealer.map { " (sealed by \($0))" } ?? "")
    }

    private static func property(_ name: String, _ value: String?) -> String {
        guard let value, !value.isEmpty else { return "" }
        return " \(name)=\(value)"
    }
}
