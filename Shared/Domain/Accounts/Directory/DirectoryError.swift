// SPDX-License-Identifier: Apache-2.0

/// What the directory refuses. Each description says what to do.
package enum DirectoryError: Error, Equatable, CustomStringConvertible {
    case noSuchDomain(String)
    case domainExists(String)
    /// Accounts are left in the domain.
    case domainInUse(String, accounts: Int)
    case malformedDomain(String)
    case noSuchAccount(String)
    /// An account or an alias has that address.
    case addressTaken(String)
    /// Not an address that an account or alias can have.
    case malformedAddress(String)
    case noSuchAlias(String)
    /// The alias would lead to no account of ours.
    case aliasTarget(String)
    case passwordLength
    /// Not within `ByteSize.range`.
    case quotaOutOfRange
    /// Too many logins at once; try again.
    case busy
    case outOfMemory
    /// A zero-access account that nobody here has opened.
    case closed(String)
    /// What was asked for needs the password or the recovery key of a zero-access account.
    case ownerNeeded(String)
    case zeroAccess(String)
    /// Switching zero access off was cut off: mail that arrived before is not filed yet.
    case arrivalsLeft(String)
    case notZeroAccess(String)
    case wrongPassword(String)
    case wrongRecoveryKey(String)
    /// The account's keys changed while this ran.
    case keysChanged(String)
    case appPasswordLabel
    case appPasswordExists(String)
    case noSuchAppPassword(String)
    case tooManyAppPasswords

    package var description: String {
        switch self {
        case .noSuchDomain(let name): "\(name) is not one of our domains; add it with: mailkeep domain add \(name)"
        case .domainExists(let name): "\(name) is there already"
        case .domainInUse(let name, let accounts):
            "\(name) still has \(accounts) account\(accounts == 1 ? "" : "s"); remove them first with: mailkeep account remove"
        case .malformedDomain(let name): "“\(name)” is not a domain name, as example.org is"
        case .noSuchAccount(let address): "there is no account \(address); see: mailkeep account list"
        case .addressTaken(let address): "\(address) is already an account or an alias"
        case .malformedAddress(let address):
            "“\(address)” cannot be an address here: it takes name@domain, the name without + / * quotes and spaces"
        case .noSuchAlias(let address): "there is no alias \(address); see: mailkeep alias list"
        case .aliasTarget(let address):
            "\(address) is not an account or alias of ours; an alias leads to local accounts only"
        case .passwordLength:
            "a password has \(Directory.passwordBytes.lowerBound) to \(Directory.passwordBytes.upperBound) bytes"
        case .quotaOutOfRange:
            "a quota has \(ByteSize.range.lowerBound) byte to \(ByteSize.text(ByteSize.range.upperBound))"
        case .busy: "too many logins at once"
        case .outOfMemory: "not enough memory to hash a password"
        case .closed(let name):
            "\(name) is a zero-access account: only its password, an app password or its recovery key opens its file"
        case .ownerNeeded(let name):
            "\(name) is a zero-access account: its password or its recovery key is needed for this"
        case .arrivalsLeft(let name):
            "mail of \(name) still waits sealed, since switching zero access off did not come to its end; run again: "
                + "mailkeep account unprotect \(name)"
        case .zeroAccess(let name): "\(name) is a zero-access account already"
        case .notZeroAccess(let name): "\(name) is not a zero-access account"
        case .wrongPassword(let name): "that is not the password of \(name)"
        case .wrongRecoveryKey(let name): "that is not the recovery key of \(name), or it was renewed since"
        case .keysChanged(let name): "the keys of \(name) were changed by somebody else meanwhile; try again"
        case .appPasswordLabel:
            "the name of an app password has 1 to \(Directory.appPasswordLabel) bytes, and no control characters"
        case .appPasswordExists(let label): "there is an app password “\(label)” already"
        case .noSuchAppPassword(let label): "there is no app password “\(label)”"
        case .tooManyAppPasswords:
            "an account has at most \(Directory.appPasswords) app passwords; remove one that is not used any more"
        }
    }
}
