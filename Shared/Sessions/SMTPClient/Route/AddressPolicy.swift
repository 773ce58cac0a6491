// SPDX-License-Identifier: Apache-2.0

import DNSClient

/// Which addresses mail may be sent to: what the DNS of a stranger says must not make us talk to our own house.
package struct AddressPolicy: Sendable {
    /// For trying out on one machine, and for tests: loopback and private networks, too.
    package var allowsPrivate: Bool

    package init(allowsPrivate: Bool = false) { self.allowsPrivate = allowsPrivate }

    private static let never = networks(["0.0.0.0/8", "224.0.0.0/3", "::/128", "ff00::/8"])
    private static let house = networks([
        "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "::1/128",
        "64:ff9b::/96", "2002::/16", "fc00::/7", "fe80::/10",
    ])

    package func allows(_ address: IPAddress) -> Bool {
        func isIn(_ networks: [(IPAddress, Int)]) -> Bool { networks.contains { address.isIn($0.0, bits: $0.1) } }
        return !isIn(Self.never) && (allowsPrivate || !isIn(Self.house))
    }

    private static func networks(_ list: [String]) -> [(IPAddress, Int)] {
        list.compactMap { text in
            let parts = text.split(separator: "/")
            guard let address = IPAddress(parsing: parts[0]), let bits = Int(parts[1]) else { return nil }
            return (address, bits)
        }
    }
}
