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
        case .busy, .outOfMemory: self(.loginLater)
        }
    }
}
