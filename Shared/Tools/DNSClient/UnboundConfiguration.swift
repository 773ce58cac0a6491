// SPDX-License-Identifier: Apache-2.0

/// How `UnboundResolver` asks.
package struct UnboundConfiguration: Sendable {
    /// `127.0.0.1@5399`: ask this server. nil: full recursion from the root.
    package var forward: String?
    /// Trust anchors in zone-file form; nil: no validation, so nothing is ever secure or bogus.
    package var anchorFile: String?
    /// Of one query, waiting for its turn included.
    package var timeout: Duration = .seconds(15)
    /// Given to libunbound at once; more of them wait.
    package var queriesInFlight = 256
    /// Waiting past that; more of them fail at once.
    package var queriesWaiting = 4096
    /// Bytes of all of libunbound's caches together.
    package var cacheBytes = 4 << 20

    package init(forward: String? = nil, anchorFile: String? = "/usr/share/dns/root.key") {
        (self.forward, self.anchorFile) = (forward, anchorFile)
    }

    var isForwardLoopback: Bool {
        guard let host = forward?.split(separator: "@").first else { return false }
        return host.hasPrefix("127.") || host == "::1"
    }
}

package struct UnboundError: Error, Sendable, CustomStringConvertible {
    package let description: String
}
