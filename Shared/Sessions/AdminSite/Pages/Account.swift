// SPDX-License-Identifier: Apache-2.0
import Accounts
import HTTPTypes
import Hummingbird
import NIOCore

/// What everybody has: their own account.
extension AdminPages {
    struct AccountPage {
        struct Server {
            let what: String
            let host: String
            let port: Int
        }

        let address: String
        let name: String?
        let mode: String
        let use: UsePart?
        let servers: [Server]
        let davURL: String
    }

    struct PasswordPage {
        let old: Field
        let new: Field
        let again: Field
        let address: String
    }

    func account(_ visit: Visit) async throws -> Response {
        guard let account = visit.session?.account else { return visit.redirect(to: "/login") }
        let (t, ports) = (visit.texts, settings.ports)
        let servers = [
            AccountPage.Server(what: t(.serverIMAP), host: settings.hostname, port: ports.imap),
            AccountPage.Server(what: t(.serverSMTP), host: settings.hostname, port: ports.submission),
            AccountPage.Server(what: t(.serverPOP3), host: settings.hostname, port: ports.pop3),
        ]
        return visit.page(
            .account, title: t(.accountTitle), at: .account,
            AccountPage(
                address: account.address, name: account.displayName.isEmpty ? nil : account.displayName,
                mode: t(account.isZeroAccess ? .zeroAccessIsOn : .zeroAccessIsOff),
                use: await use(of: account.id, visit), servers: servers, davURL: settings.davURL))
    }

    func passwordForm(_ visit: Visit) async throws -> Response { passwordPage(visit) }

    func changePassword(_ visit: Visit) async throws -> Response {
        guard let session = visit.session else { return visit.redirect(to: "/login") }
        let (new, again) = (visit.form.secret("new"), visit.form.secret("again"))
        guard visit.form.secret("old") != nil else {
            return passwordPage(visit, old: visit.texts(.passwordOldWrong))
        }
        guard let new, Directory.passwordBytes.contains(new.count) else {
            return passwordPage(visit, new: .passwordLength)
        }
        guard let again, again.withBytes({ a in new.withBytes { b in a.elementsEqual(b) } }) else {
            return passwordPage(visit, again: .passwordDiffers)
        }
        do {
            let owner = session.account.owner(try await presentPassword(visit, of: session.account))
            try await backend.directory.setPassword(
                of: session.account.address, to: new, owner: owner, by: visit.actor, keeping: session.token)
        } catch let refusal as PasswordRefusal {
            return passwordPage(visit, status: refusal.status, old: visit.texts(refusal.phrase))
        } catch let error as DirectoryError {
            return passwordPage(visit, old: visit.texts(error))
        }
        return visit.redirect(to: Place.account.rawValue, saying: .passwordChanged)
    }

    private func passwordPage(
        _ visit: Visit, status: HTTPResponse.Status? = nil, old: String? = nil, new: Phrase? = nil,
        again: Phrase? = nil
    ) -> Response {
        let t = visit.texts
        func wrong(_ phrase: Phrase?) -> String? { phrase.map { t($0, passwordBounds) } }
        let page = PasswordPage(
            old: oldPasswordField(visit, wrong: old, isFocused: new == nil && again == nil),
            new: Field(
                id: "new", label: t(.fieldNewPassword), type: "password", hint: t(.passwordHint, passwordBounds),
                wrong: wrong(new), autocomplete: "new-password", isFocused: new != nil),
            again: Field(
                id: "again", label: t(.fieldAgain), type: "password", wrong: wrong(again),
                autocomplete: "new-password", isFocused: again != nil),
            address: visit.session?.account.address ?? "")
        let isWrong = old != nil || new != nil || again != nil
        return visit.page(
            .password, title: t(.passwordTitle), at: .account,
            status: status ?? (isWrong ? .unprocessableContent : .ok), page)
    }

    var passwordBounds: [String: String] {
        ["least": "\(Directory.passwordBytes.lowerBound)", "most": "\(Directory.passwordBytes.upperBound)"]
    }

    func appleProfile(_ visit: Visit) async throws -> Response {
        guard let account = visit.session?.account else { return visit.redirect(to: "/login") }
        let text = visit.templates.render(.appleProfile, AppleProfile(account: account, settings: settings))
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/x-apple-aspen-config",
                .contentDisposition: "attachment; filename=\"mailkeep.mobileconfig\"",
            ], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}

extension AdminSettings {
    /// Where calendars and contacts are.
    var davURL: String { "https://\(hostname)\(ports.dav == 443 ? "" : ":\(ports.dav)")/" }
}
