// SPDX-License-Identifier: Apache-2.0

/// What came of a login.
package enum LoginOutcome: Sendable {
    case account(AccountID)
    case wrong
    /// Cannot be found out just now.
    case tryLater
}
