// SPDX-License-Identifier: Apache-2.0

/// What came of a login.
package enum LoginOutcome: Sendable {
    /// `hold`: keeps a zero-access account open for as long as it lives; `nil` for every other account, which needs none.
    case account(AccountID, hold: KeyHold? = nil)
    case wrong
    /// Cannot be found out just now.
    case tryLater
}
