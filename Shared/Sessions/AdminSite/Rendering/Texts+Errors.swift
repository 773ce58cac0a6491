// SPDX-License-Identifier: Apache-2.0
import Accounts

extension Texts {
    /// What the directory refused, for people: the one place where its errors become words.
    func callAsFunction(_ error: DirectoryError) -> String {
        switch error {
        case .noSuchDomain(let name): self(.errorNoSuchDomain, ["name": name])
        case .domainExists(let name): self(.errorDomainExists, ["name": name])
        case .domainInUse(let name, let accounts):
            self(.errorDomainInUse, ["name": name, "accounts": "\(accounts)"])
        case .malformedDomain(let name): self(.errorMalformedDomain, ["name": name])
        case .noSuchAccount(let name): self(.errorNoSuchAccount, ["name": name])
        case .addressTaken(let name): self(.errorAddressTaken, ["name": name])
        case .malformedAddress(let name): self(.errorMalformedAddress, ["name": name])
        case .noSuchAlias(let name): self(.errorNoSuchAlias, ["name": name])
        case .aliasTarget(let name): self(.errorAliasTarget, ["name": name])
        case .passwordLength:
            self(
                .passwordLength,
                [
                    "least": "\(Directory.passwordBytes.lowerBound)", "most": "\(Directory.passwordBytes.upperBound)",
                ])
        case .quotaOutOfRange: self(.errorQuota, ["most": ByteSize.text(ByteSize.range.upperBound)])
        case .busy, .outOfMemory: self(.loginLater)
        case .closed(let name), .ownerNeeded(let name): self(.errorOwnerNeeded, ["name": name])
        case .zeroAccess(let name): self(.errorZeroAccess, ["name": name])
        case .notZeroAccess(let name): self(.errorZeroAccessNot, ["name": name])
        case .wrongPassword, .wrongRecoveryKey: self(.passwordOldWrong)
        case .keysChanged(let name), .arrivalsLeft(let name): self(.errorKeysChanged, ["name": name])
        case .appPasswordLabel: self(.errorAppPasswordLabel, ["most": "\(Directory.appPasswordLabel)"])
        case .appPasswordExists(let label): self(.errorAppPasswordExists, ["name": label])
        case .noSuchAppPassword(let label): self(.errorAppPasswordNone, ["name": label])
        case .tooManyAppPasswords: self(.errorAppPasswordsMany, ["most": "\(Directory.appPasswords)"])
        }
    }
}
