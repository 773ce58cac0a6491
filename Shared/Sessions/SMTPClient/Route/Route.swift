// SPDX-License-Identifier: Apache-2.0

import DNSClient

/// The servers of a domain (RFC 5321 section 5.1).
package enum Route: Sendable, Equatable {
    package struct Server: Sendable, Equatable {
        /// As the MX names it; nil for an address literal.
        package let host: String?
        package let address: IPAddress

        package var description: String { host.map { "\($0) [\(address)]" } ?? "[\(address)]" }
    }

    /// In the order in which to try them, at least one.
    case servers([Server])
    case failed(status: String, String)
    case deferred(status: String, String)
}

package struct RouteFinder: Sendable {
    private let resolver: any Resolver
    private let policy: AddressPolicy

    package init(resolver: any Resolver, policy: AddressPolicy) {
        self.resolver = resolver
        self.policy = policy
    }

    /// - Parameter domain: A-labels, or an address literal in brackets.
    package func route(to domain: String) async -> Route {
        if domain.hasPrefix("[") { return literal(domain) }
        let hosts: [String]
        switch await resolver.mx(domain) {
        case .found(let records, _):
            // RFC 7505: a single null MX says that the domain takes no mail.
            if records.allSatisfy(\.isNull) { return .failed(status: "5.1.10", "the domain \(domain) takes no mail") }
            hosts = Self.ordered(records.filter { !$0.isNull })
        case .noData: hosts = [domain]
        case .nxDomain: return .failed(status: "5.1.2", "there is no domain \(domain)")
        case .temporaryFailure(let why): return .deferred(status: "4.4.3", "DNS of \(domain): \(why)")
        case .bogus(let why): return .deferred(status: "4.7.0", "DNS of \(domain) is not to be trusted: \(why)")
        }
        return await servers(of: hosts, domain: domain)
    }

    /// By preference; equal ones in an order of chance, so that each gets its share.
    private static func ordered(_ records: [MXRecord]) -> [String] {
        records.map { ($0.preference, UInt32.random(in: .min ... .max), $0.exchange) }
            .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
            .prefix(ClientLimits.hosts).map(\.2)
    }

    private func servers(of hosts: [String], domain: String) async -> Route {
        var servers: [Route.Server] = []
        var trouble: String?
        var refused: String?
        for host in hosts where servers.count < ClientLimits.addresses {
            switch await resolver.addresses(host) {
            case .found(let addresses, _):
                let allowed = addresses.filter(policy.allows)
                if allowed.isEmpty { refused = "\(host) is at \(addresses[0]), where no mail is sent to" }
                servers += allowed.map { Route.Server(host: host, address: $0) }
            case .noData, .nxDomain: continue
            case .temporaryFailure(let why), .bogus(let why): trouble = "DNS of \(host): \(why)"
            }
        }
        if !servers.isEmpty { return .servers(Array(servers.prefix(ClientLimits.addresses))) }
        if let trouble { return .deferred(status: "4.4.3", trouble) }
        return .failed(status: "5.4.4", refused ?? "no mail server of \(domain) has an address")
    }

    private func literal(_ domain: String) -> Route {
        var text = domain.dropFirst().dropLast()
        if text.lowercased().hasPrefix("ipv6:") { text = text.dropFirst(5) }
        guard domain.hasSuffix("]"), let address = IPAddress(parsing: text) else {
            return .failed(status: "5.1.2", "\(domain) is no address")
        }
        guard policy.allows(address) else { return .failed(status: "5.4.4", "no mail is sent to \(domain)") }
        return .servers([Route.Server(host: nil, address: address)])
    }
}
