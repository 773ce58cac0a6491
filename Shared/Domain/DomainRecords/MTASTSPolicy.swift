// SPDX-License-Identifier: Apache-2.0
import Crypto
import SealedSQLite

/// The policy that is served at `https://mta-sts.<domain>/.well-known/mta-sts.txt` (RFC 8461 section 3.2).
package struct MTASTSPolicy: Sendable, Equatable {
    package enum Mode: String, Sendable, CaseIterable {
        case enforce, testing, none
    }

    package let host: String
    package let mode: Mode
    /// Seconds for which a sender may keep the policy.
    package let maxAge: Int

    /// A week: long enough to be worth keeping, short enough to leave again.
    package init(host: String, mode: Mode, maxAge: Int = 604_800) {
        (self.host, self.mode, self.maxAge) = (host, mode, maxAge)
    }

    /// The body of the file.
    package var text: String {
        "version: STSv1\r\nmode: \(mode.rawValue)\r\nmx: \(host)\r\nmax_age: \(maxAge)\r\n"
    }

    /// For the TXT record: another policy, another id. 32 hexadecimal digits, the most that section 3.1 allows.
    package var id: String { Hex.text(SHA256.hash(data: Array(text.utf8)).prefix(16)) }
}
