// SPDX-License-Identifier: Apache-2.0

/// Slows down who guesses passwords: counts failed logins for each client address.
package protocol LoginGate: Sendable {
    /// Waits as long as this address has to wait before its next answer; at once for the first ten failures.
    func pass(address: String) async
    func failed(address: String) async
}
