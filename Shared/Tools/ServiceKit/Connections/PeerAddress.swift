// SPDX-License-Identifier: Apache-2.0

/// Where a client is: its true address, also behind the edge.
package struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
    package let ip: IPAddress
    package let port: Int

    package init(ip: IPAddress, port: Int) {
        self.ip = ip
        self.port = port
    }

    package var description: String { ip.bytes.count == 4 ? "\(ip):\(port)" : "[\(ip)]:\(port)" }
}
