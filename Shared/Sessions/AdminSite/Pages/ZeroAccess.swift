// SPDX-License-Identifier: Apache-2.0
import Accounts
import HTTPTypes
import Hummingbird

/// Zero access for one's own account: switching it on, and another recovery key afterwards.
extension AdminPages {
    struct ZeroAccessPage {
        let address: String
        let action: String
        let heading: String
        let explanation: String
        let button: String
        let old: Field
    }

    func zeroAccess(_ visit: Visit) async throws -> Response { zeroAccessPage(visit) }

    func switchOnZeroAccess(_ visit: Visit) async throws -> Response {
        try await withRecoveryKey(visit, title: .zeroAccessOn) { account, old in
            try await protect(account, old, keeping: visit.session?.token, by: visit.actor)
        }
    }

    func renewRecoveryKey(_ visit: Visit) async throws -> Response {
        try await withRecoveryKey(visit, title: .recoveryKeyRenewed) { account, old in
            try await backend.directory.renewRecoveryKey(
                of: account.address, owner: .password(old), by: visit.actor)
        }
    }

    private func protect(
        _ account: AccountRecord, _ password: SecretBytes, keeping session: WebSessionToken?, by actor: String
    ) async throws -> RecoveryKey {
        try await backend.directory.protect(
            account.address, password: password, filesIn: backend.accounts.root, by: actor, keeping: session)
    }

    /// Asks for the present password, then shows the recovery key that `make` gives.
    private func withRecoveryKey(
        _ visit: Visit, title: Phrase, _ make: (AccountRecord, SecretBytes) async throws -> RecoveryKey
    ) async throws -> Response {
        guard let account = visit.session?.account else { return visit.redirect(to: "/login") }
        let t = visit.texts
        let key: RecoveryKey
        do { key = try await make(account, presentPassword(visit, of: account)) } catch let refusal as PasswordRefusal {
            return zeroAccessPage(visit, wrong: t(refusal.phrase), status: refusal.status)
        } catch let error as DirectoryError {
            return zeroAccessPage(visit, wrong: t(error), status: .unprocessableContent)
        }
        return visit.page(
            .secret, title: t(title), at: .account,
            SecretPage(
                text: t(.recoveryKeyOnce),
                facts: [
                    SecretPage.Fact(what: t(.fieldAddress), value: account.address),
                    SecretPage.Fact(what: t(.recoveryKey), value: key.text, isSecret: true),
                ], next: Place.account.rawValue))
    }

    private func zeroAccessPage(
        _ visit: Visit, wrong: String? = nil, status: HTTPResponse.Status = .ok
    ) -> Response {
        guard let account = visit.session?.account else { return visit.redirect(to: "/login") }
        let t = visit.texts
        let isOn = account.isZeroAccess
        return visit.page(
            .zeroAccess, title: t(.zeroAccessTitle), at: .account, status: status,
            ZeroAccessPage(
                address: account.address, action: isOn ? "/account/recovery-key" : "/account/zero-access",
                heading: t(isOn ? .recoveryKeyRenewTitle : .zeroAccessOnTitle),
                explanation: t(isOn ? .recoveryKeyRenewText : .zeroAccessOnText),
                button: t(isOn ? .recoveryKeyRenewButton : .zeroAccessOnButton),
                old: oldPasswordField(visit, wrong: wrong, isFocused: wrong != nil)))
    }
}
