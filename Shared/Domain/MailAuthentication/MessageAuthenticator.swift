// SPDX-License-Identifier: Apache-2.0
import DNSClient
import MailFormat

/// All checks of one message from another server, side by side.
package struct MessageAuthenticator: Sendable {
    /// Where the message came from and what was said about it.
    package struct Session: Sendable {
        package let client: IPAddress
        /// As said in EHLO or HELO.
        package let helo: String
        /// Without brackets; empty: the null sender.
        package let reversePath: String

        package init(client: IPAddress, helo: String, reversePath: String) {
            (self.client, self.helo, self.reversePath) = (client, helo, reversePath)
        }
    }

    package struct Verdict: Sendable {
        package let spf: SPF.Outcome
        package let dkim: [DKIM.Outcome]
        package let dmarc: DMARC.Outcome
        package let arc: ARC.Outcome
        /// The whole Authentication-Results field with its CRLF.
        package let field: String
        /// The author's domain, when it asks to reject this message; never for an error of the DNS that may pass.
        package var rejectedBy: String? { dmarc.result == .fail && dmarc.policy == .reject ? dmarc.domain : nil }
    }

    private let hostname: String
    private let resolver: any Resolver

    /// - Parameter hostname: ours, under which the results are told.
    package init(hostname: String, resolver: any Resolver) {
        (self.hostname, self.resolver) = (hostname, resolver)
    }

    /// - Parameter message: as it came, with CRLF line ends.
    package func check(_ message: [UInt8], _ session: Session) async -> Verdict {
        let header = MessageHeader(message)
        async let senderPolicy = SPF.check(
            client: session.client, helo: session.helo, reversePath: session.reversePath, hostname: hostname,
            resolver: resolver)
        async let signatures = DKIM.verify(message, header, seconds: Clock.seconds(), resolver: resolver)
        async let chain = ARC.validate(message, header, resolver: resolver)
        let (spf, dkim, arc) = (await senderPolicy, await signatures, await chain)
        let dmarc = await DMARC.evaluate(message, header, spf: spf, dkim: dkim, resolver: resolver)
        let results = AuthenticationResults(hostname: hostname, spf: spf, dkim: dkim, dmarc: dmarc, arc: arc)
        return Verdict(spf: spf, dkim: dkim, dmarc: dmarc, arc: arc, field: results.field)
    }
}
