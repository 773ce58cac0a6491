// SPDX-License-Identifier: Apache-2.0
import Accounts
import HTTPTypes
import Hummingbird
import MailStore

extension AdminPages {
    struct AccountsPage {
        struct Row {
            let id: String
            let address: String
            let name: String
            let state: String?
            let isDisabled: Bool
            let added: Moment
        }

        let rows: [Row]
        let links: Pager.Links?
        let search: Field
        let domains: [Choice]
    }

    struct AccountAddPage {
        let name: Field
        let domains: [Choice]
        let displayName: Field
        let password: Field
        let isAdministrator: Bool
    }

    struct AccountDetailPage {
        let id: String
        let address: String
        let name: String?
        let added: Moment
        let isDisabled: Bool
        let isAdministrator: Bool
        let isZeroAccess: Bool
        /// One's own account: no way to shut oneself out.
        let isOwn: Bool
        let use: UsePart?
        let quota: Field
        let password: Field
    }

    func accounts(_ visit: Visit) async throws -> Response {
        let t = visit.texts
        let (domain, text) = (visit.query.text("domain"), visit.query.text("search"))
        let pager = Pager(page: visit.query.text("page"))
        let list: (page: [AccountRecord], all: Int)
        do {
            list = try await backend.directory.accounts(
                of: domain.isEmpty ? nil : domain, holding: text, limit: pager.limit, offset: pager.offset)
        } catch DirectoryError.noSuchDomain(let name) {
            return visit.problem(.notFound, .errorNoSuchDomain, ["name": name])
        }
        var path = Place.accounts.rawValue
        if !domain.isEmpty || !text.isEmpty {
            path += "?domain=\(FormFields.encode(domain))&search=\(FormFields.encode(text))"
        }
        let page = AccountsPage(
            rows: list.page.map { account in
                AccountsPage.Row(
                    id: account.id.description, address: account.address, name: account.displayName,
                    state: account.isDisabled
                        ? t(.stateDisabled) : account.isAdministrator ? t(.stateAdministrator) : nil,
                    isDisabled: account.isDisabled, added: Moment(account.created))
            }, links: pager.links(all: list.all, path: path, texts: t),
            search: Field(id: "search", label: t(.fieldSearch), type: "search", value: text, isRequired: false),
            domains: [Choice(value: "", text: t(.allDomains), isChosen: domain.isEmpty)]
                + (try await domainChoices(domain)))
        return visit.page(.accounts, title: t(.accountsTitle), at: .accounts, page)
    }

    private func domainChoices(_ chosen: String) async throws -> [Choice] {
        try await backend.directory.domains().map {
            Choice(value: $0.name, text: $0.name, isChosen: $0.name == chosen)
        }
    }

    // MARK: - Adding

    func addAccountForm(_ visit: Visit) async throws -> Response {
        try await addAccountPage(visit, domain: visit.query.text("domain"))
    }

    func addAccount(_ visit: Visit) async throws -> Response {
        let form = visit.form
        let (name, domain, displayName) = (form.text("name"), form.text("domain"), form.text("displayName"))
        guard displayName.utf8.count <= AdminLimits.displayName else {
            return try await addAccountPage(visit, domain: domain, displayName: .displayNameLong)
        }
        let (password, generated) = password(form)
        do {
            let account = try await backend.directory.addAccount(
                "\(name)@\(domain)", displayName: displayName, isAdministrator: !form.text("administrator").isEmpty,
                password: password, filesIn: backend.accounts.root, by: visit.actor)
            guard let generated else {
                return visit.redirect(
                    to: Place.accounts.rawValue + "?domain=\(FormFields.encode(domain))", saying: .accountAdded,
                    of: account.address)
            }
            return passwordPage(visit, account, generated, isNew: true)
        } catch DirectoryError.passwordLength {
            return try await addAccountPage(
                visit, domain: domain, password: visit.texts(.passwordLength, passwordBounds))
        } catch let error as DirectoryError {
            return try await addAccountPage(visit, domain: domain, name: visit.texts(error))
        }
    }

    /// The one that was typed, or a new one.
    private func password(_ form: FormFields) -> (SecretBytes, generated: String?) {
        if let typed = form.secret("password") { return (typed, nil) }
        let text = GeneratedPassword.make()
        return (SecretBytes(text.utf8), text)
    }

    private func passwordPage(
        _ visit: Visit, _ account: AccountRecord, _ password: String, isNew: Bool
    ) -> Response {
        let t = visit.texts
        return visit.page(
            .secret, title: t(isNew ? .accountAddedTitle : .passwordSetTitle), at: .accounts,
            SecretPage(
                text: t(.passwordOnce),
                facts: [
                    SecretPage.Fact(what: t(.fieldAddress), value: account.address),
                    SecretPage.Fact(what: t(.fieldPassword), value: password, isSecret: true),
                ],
                next: isNew ? Place.accounts.rawValue : "/admin/accounts/\(account.id)"))
    }

    private func addAccountPage(
        _ visit: Visit, domain: String, name: String? = nil, displayName: Phrase? = nil, password: String? = nil
    ) async throws -> Response {
        let t = visit.texts
        let domains = try await domainChoices(domain)
        let isWrong = name != nil || displayName != nil || password != nil
        let page = AccountAddPage(
            name: Field(
                id: "name", label: t(.fieldName), value: visit.form.text("name"), hint: t(.nameHint), wrong: name,
                isFocused: displayName == nil && password == nil),
            domains: domains,
            displayName: Field(
                id: "displayName", label: t(.fieldDisplayName), value: visit.form.text("displayName"),
                hint: t(.displayNameHint), wrong: displayName.map { t($0) }, isRequired: false, isOptional: true,
                isFocused: displayName != nil),
            password: Field(
                id: "password", label: t(.fieldPassword), type: "password",
                hint: t(.passwordEmptyHint, passwordBounds), wrong: password, autocomplete: "new-password",
                isRequired: false, isFocused: password != nil),
            isAdministrator: !visit.form.text("administrator").isEmpty)
        return visit.page(
            .accountAdd, title: t(.accountAddTitle), at: .accounts, status: isWrong ? .unprocessableContent : .ok, page)
    }

    // MARK: - One account

    /// Runs `page` with the account that the path names.
    func withAccount(
        _ visit: Visit, _ page: (AccountRecord) async throws -> Response
    ) async throws -> Response {
        guard let id = AccountID(visit.part("account")), let account = try await backend.directory.account(id) else {
            return visit.problem(.notFound, .problemNoAccount)
        }
        return try await page(account)
    }

    func accountDetail(_ visit: Visit) async throws -> Response {
        try await withAccount(visit) { try await detailPage(visit, $0) }
    }

    func detailPage(
        _ visit: Visit, _ account: AccountRecord, password: String? = nil, quota: String? = nil
    ) async throws -> Response {
        let t = visit.texts
        let page = AccountDetailPage(
            id: account.id.description, address: account.address,
            name: account.displayName.isEmpty ? nil : account.displayName, added: Moment(account.created),
            isDisabled: account.isDisabled, isAdministrator: account.isAdministrator,
            isZeroAccess: account.isZeroAccess, isOwn: isOwn(visit, account),
            use: await use(of: account.id, visit), quota: try await quotaField(visit, account, wrong: quota),
            password: Field(
                id: "password", label: t(.fieldNewPassword), type: "password",
                hint: t(.passwordEmptyHint, passwordBounds), wrong: password, autocomplete: "new-password",
                isRequired: false, isFocused: password != nil))
        return visit.page(
            .accountDetail, title: account.address, at: .accounts,
            status: password == nil && quota == nil ? .ok : .unprocessableContent, page)
    }

    private func isOwn(_ visit: Visit, _ account: AccountRecord) -> Bool { visit.session?.account.id == account.id }

    func setPassword(_ visit: Visit) async throws -> Response {
        try await withAccount(visit) { account in
            // One's own is changed where the old one is asked for.
            guard !isOwn(visit, account) else { return visit.problem(.forbidden, .problemOwn) }
            let (password, generated) = password(visit.form)
            do {
                try await backend.directory.setPassword(of: account.address, to: password, by: visit.actor)
            } catch let error as DirectoryError {
                return try await detailPage(visit, account, password: visit.texts(error))
            }
            if let generated { return passwordPage(visit, account, generated, isNew: false) }
            return back(visit, account, .accountPasswordSet)
        }
    }

    func setDisabled(_ visit: Visit) async throws -> Response {
        try await withAccount(visit) { account in
            guard !isOwn(visit, account) else { return visit.problem(.forbidden, .problemOwn) }
            let isDisabled = visit.form.text("to") == "yes"
            try await backend.directory.setDisabled(account.address, isDisabled, by: visit.actor)
            return back(visit, account, isDisabled ? .accountDisabled : .accountEnabled)
        }
    }

    func setAdministrator(_ visit: Visit) async throws -> Response {
        try await withAccount(visit) { account in
            guard !isOwn(visit, account) else { return visit.problem(.forbidden, .problemOwn) }
            let isAdministrator = visit.form.text("to") == "yes"
            try await backend.directory.setAdministrator(account.address, isAdministrator, by: visit.actor)
            return back(visit, account, isAdministrator ? .accountPromoted : .accountDemoted)
        }
    }

    func back(_ visit: Visit, _ account: AccountRecord, _ phrase: Phrase) -> Response {
        visit.redirect(to: "/admin/accounts/\(account.id)", saying: phrase, of: account.address)
    }

    // MARK: - Removing

    func removeAccountForm(_ visit: Visit) async throws -> Response {
        try await withAccount(visit) { removePage(visit, $0) }
    }

    func removeAccount(_ visit: Visit) async throws -> Response {
        try await withAccount(visit) { account in
            guard !isOwn(visit, account) else { return visit.problem(.forbidden, .problemOwn) }
            guard visit.form.text("typed").lowercased() == account.address else {
                return removePage(visit, account, wrong: .accountRemoveTypedWrong)
            }
            do {
                try await backend.directory.removeAccount(
                    account.address, filesIn: backend.accounts.root, by: visit.actor)
            } catch let error as AccountFileLeft {
                visit.logger.error("\(error)")
                return visit.problem(.internalServerError, .problemFileLeft, ["name": account.address])
            }
            return visit.redirect(to: Place.accounts.rawValue, saying: .accountRemoved, of: account.address)
        }
    }

    private func removePage(_ visit: Visit, _ account: AccountRecord, wrong: Phrase? = nil) -> Response {
        visit.confirm(
            account, question: .accountRemoveQuestion, explanation: .accountRemoveText, button: .accountRemoveButton,
            path: "/remove", wrong: wrong.map { visit.texts($0) })
    }
}
