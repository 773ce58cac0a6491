// SPDX-License-Identifier: Apache-2.0
import CPublicSuffix

/// The public suffix list, from libpsl: the newer of its own and the one of the `publicsuffix` package.
final class PublicSuffixes: Sendable {
    static let shared = PublicSuffixes()

    // Never written to after it was loaded, and libpsl reads it from any thread.
    private nonisolated(unsafe) let list: OpaquePointer?

    private init() { list = psl_latest(nil) ?? psl_builtin() }

    /// The organizational domain (RFC 7489 section 3.2): one label more than the public suffix; a public suffix is its
    /// own.
    /// - Parameter domain: lower case, A-labels, no dot at the end.
    func organizationalDomain(of domain: String) -> String {
        domain.withCString { text in
            psl_registrable_domain(list, text).map { String(cString: $0) }
        } ?? domain
    }
}
