// SPDX-License-Identifier: Apache-2.0
import Hummingbird
import Logging
import ServiceKit

/// What a request comes with beside itself.
package struct WebContext: RequestContext {
    package struct Source: RequestContextSource {
        package let logger: Logger
        package let peer: PeerAddress
        package let isTLS: Bool

        package init(logger: Logger, peer: PeerAddress, isTLS: Bool) {
            self.logger = logger
            self.peer = peer
            self.isTLS = isTLS
        }
    }

    package var coreContext: CoreRequestContextStorage
    /// The client, not the edge.
    package let peer: PeerAddress
    package let isTLS: Bool

    package init(source: Source) {
        coreContext = .init(source: source)
        peer = source.peer
        isTLS = source.isTLS
    }
}
