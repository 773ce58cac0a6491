// SPDX-License-Identifier: Apache-2.0
import Accounts
import HTTPTypes
import Hummingbird

/// One's own app passwords.
extension AdminPages {
    struct AppPasswordsPage {
        struct Row {
            let label: String
            let made: Moment
            /// A day, or the word for never.
            let used: String
        }

        let address: String
        let rows: [Row]
        let label: Field
        let old: Field
    }

    private static let appPasswordsPath = "/account/app-passwords"

    func appPasswords(_ visit: Visit) async throws -> Response { try await appPasswordsPage(visit) }

    func addAppPassword(_ visit: Visit) async throws -> Response {
        guard let account = visit.session?.account else { return visit.redirect(to: "/login") }
        let (t, label) = (visit.texts, visit.form.text("label"))
        let made: AppPassword
        do {
            let old = try await presentPassword(visit, of: account)
            made = try await backend.directory.addAppPassword(
                of: account.address, label: label, owner: account.owner(old), by: visit.actor)
        } catch let refusal as PasswordRefusal {
            return try await appPasswordsPage(visit, old: t(refusal.phrase), status: refusal.status)
        } catch let error as DirectoryError {
            return try await appPasswordsPage(visit, label: t(error))
        }
        return visit.page(
            .secret, title: t(.appPasswordAdded), at: .account,
            SecretPage(
                text: t(.appPasswordOnce),
                facts: [
                    SecretPage.Fact(what: t(.fieldAppPassword), value: label),
                    SecretPage.Fact(what: t(.fieldPassword), value: made.text, isSecret: true),
                ], next: Self.appPasswordsPath))
    }

    func removeAppPassword(_ visit: Visit) async throws -> Response {
        guard let account = visit.session?.account else { return visit.redirect(to: "/login") }
        let label = visit.form.text("label")
        do {
            try await backend.directory.removeAppPassword(of: account.address, label: label, by: visit.actor)
        } catch let error as DirectoryError {
            return try await appPasswordsPage(visit, label: visit.texts(error))
        }
        return visit.redirect(to: Self.appPasswordsPath, saying: .appPasswordRemoved, of: label)
    }

    private func appPasswordsPage(
        _ visit: Visit, label: String? = nil, old: String? = nil, status: HTTPResponse.Status? = nil
    ) async throws -> Response {
        guard let account = visit.session?.account else { return visit.redirect(to: "/login") }
        let t = visit.texts
        let page = AppPasswordsPage(
            address: account.address,
            rows: try await backend.directory.appPasswords(of: account.address).map {
                AppPasswordsPage.Row(
                    label: $0.label, made: Moment($0.created),
                    used: $0.used.map { String(Moment($0).iso.prefix(10)) } ?? t(.usedNever))
            },
            label: Field(
                id: "label", label: t(.fieldAppPassword), value: visit.form.text("label"), hint: t(.appPasswordHint),
                wrong: label, isFocused: label != nil),
            old: oldPasswordField(visit, wrong: old, isFocused: old != nil))
        let isWrong = label != nil || old != nil
        return visit.page(
            .appPasswords, title: t(.appPasswordsTitle), at: .account,
            status: status ?? (isWrong ? .unprocessableContent : .ok), page)
    }
}
