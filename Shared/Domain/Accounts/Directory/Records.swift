// SPDX-License-Identifier: Apache-2.0
import MailFormat

/// Where mail for an address goes.
package enum Resolution: Sendable, Equatable {
    /// One account for its own address; one or more for an alias. Never empty, no account twice.
    case accounts([AccountID])
    /// Our domain, but nobody of that name.
    case unknown
    /// Our account, or an alias to such, that takes no mail now.
    case disabled
    /// Not a domain of ours.
    case notLocal
}

/// Who logged in.
package struct AccountIdentity: Sendable {
    package let id: AccountID
    /// Lower-case `name@domain`.
    package let address: String
    package let displayName: String
    package let isAdministrator: Bool
    /// The same password fitted within the last minutes (`PasswordMemory`): not the first login of this client.
    package let isRemembered: Bool
    /// Keeps a zero-access account open; `nil` for every other.
    package let hold: KeyHold?
}

/// An account as the operator sees it.
package struct AccountRecord: Sendable, Equatable {
    package let id: AccountID
    package let address: String
    package let displayName: String
    /// Seconds since 1970.
    package let created: Int64
    package let isDisabled: Bool
    package let isAdministrator: Bool
    /// Only its owner's secrets open its file.
    package let isZeroAccess: Bool
    package let quota: QuotaSetting
    /// The limit that follows from `quota` and the domain's, in bytes; nil: none.
    package let limit: Int?
}

/// One app password of an account, as its owner sees it.
package struct AppPasswordRecord: Sendable, Equatable {
    package let label: String
    /// Seconds since 1970.
    package let created: Int64
    /// Midnight (UTC) of the day of the last login with it, seconds since 1970; `nil`: never.
    package let used: Int64?
}

package struct DomainRecord: Sendable, Equatable {
    package let name: String
    /// Seconds since 1970.
    package let created: Int64
    package let accounts: Int
    package let aliases: Int
    /// Bytes that an account of it may hold when nothing else is set for it; nil: no limit.
    package let quota: Int?
}

package struct AliasRecord: Sendable, Equatable {
    package let address: String
    /// Addresses of accounts or other aliases.
    package let targets: [String]
    /// Seconds since 1970. One that was removed and made anew is another alias.
    package let created: Int64
}

/// One line of the audit log.
package struct AuditRecord: Sendable, Equatable {
    /// Seconds since 1970.
    package let at: Int64
    package let actor: String
    /// As `account add`.
    package let action: String
    package let subject: String
}
