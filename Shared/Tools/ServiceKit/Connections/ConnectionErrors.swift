// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOSSL

extension Error {
    /// Whether it says that the client, or the way to it, is gone: nothing that an operator could mend.
    package var isOfTheConnection: Bool { self is IOError || self is ChannelError || self is NIOSSLError }
}
