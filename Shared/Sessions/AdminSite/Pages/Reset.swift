// SPDX-License-Identifier: Apache-2.0
import Accounts
import HTTPTypes
import Hummingbird
import MailStore

/// A zero-access account whose owner has lost both password and recovery key.
extension AdminPages {
    func resetForm(_ visit: Visit) async throws -> Response {
        try await withAccount(visit) { resetPage(visit, $0) }
    }

    func reset(_ visit: Visit) async throws -> Response {
        try await withAccount(visit) { account in
            guard visit.session?.account.id != account.id else { return visit.problem(.forbidden, .problemOwn) }
            guard visit.form.text("typed").lowercased() == account.address else {
                return resetPage(visit, account, wrong: visit.texts(.accountRemoveTypedWrong))
            }
            let (t, password) = (visit.texts, GeneratedPassword.make())
            let recovery: RecoveryKey
            do {
                let reset = try await backend.directory.resetLosingMail(
                    of: account.address, to: SecretBytes(password.utf8), filesIn: backend.accounts.root,
                    by: visit.actor)
                for path in reset.old {
                    visit.logger.notice("old file of a reset account kept", metadata: ["path": "\(path)"])
                }
                recovery = reset.recovery
            } catch let error as DirectoryError { return resetPage(visit, account, wrong: t(error)) }
            return visit.page(
                .secret, title: t(.resetDone), at: .accounts,
                SecretPage(
                    text: t(.resetOnce),
                    facts: [
                        SecretPage.Fact(what: t(.fieldAddress), value: account.address),
                        SecretPage.Fact(what: t(.fieldPassword), value: password, isSecret: true),
                        SecretPage.Fact(what: t(.recoveryKey), value: recovery.text, isSecret: true),
                    ], next: "/admin/accounts/\(account.id)"))
        }
    }

    private func resetPage(_ visit: Visit, _ account: AccountRecord, wrong: String? = nil) -> Response {
        guard account.isZeroAccess else {
            return visit.problem(.notFound, .errorZeroAccessNot, ["name": account.address])
        }
        return visit.confirm(
            account, question: .resetQuestion, explanation: .resetText, button: .resetButton, path: "/reset",
            wrong: wrong)
    }
}
