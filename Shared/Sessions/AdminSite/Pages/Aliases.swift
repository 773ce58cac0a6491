// SPDX-License-Identifier: Apache-2.0
import Accounts
import HTTPTypes
import Hummingbird

extension AdminPages {
    struct AliasesPage {
        struct Row {
            let address: String
            let targets: [String]
            let remove: String
        }

        let rows: [Row]
        let links: Pager.Links?
        let alias: Field
        let targets: Field
    }

    func aliases(_ visit: Visit) async throws -> Response { try await aliasesPage(visit) }

    func addAlias(_ visit: Visit) async throws -> Response {
        let address = visit.form.text("alias")
        let targets = visit.form.text("targets").split { $0 == "," || $0 == ";" || $0.isWhitespace }.map(String.init)
        guard !targets.isEmpty else {
            return try await aliasesPage(visit, targets: visit.texts(.aliasTargetsMissing))
        }
        do {
            try await backend.directory.addAlias(address, to: targets, by: visit.actor)
        } catch let error as DirectoryError {
            switch error {
            case .malformedAddress(address), .addressTaken, .noSuchDomain:
                return try await aliasesPage(visit, alias: visit.texts(error))
            default: return try await aliasesPage(visit, targets: visit.texts(error))
            }
        }
        return visit.redirect(to: Place.aliases.rawValue, saying: .aliasAdded, of: address)
    }

    private func aliasesPage(_ visit: Visit, alias: String? = nil, targets: String? = nil) async throws -> Response {
        let t = visit.texts
        let all = try await backend.directory.aliases()
        let pager = Pager(page: visit.query.text("page"))
        let page = AliasesPage(
            rows: all.dropFirst(pager.offset).prefix(pager.limit).map {
                AliasesPage.Row(
                    address: $0.address, targets: $0.targets,
                    remove: "/admin/aliases/remove?alias=\(FormFields.encode($0.address))")
            }, links: pager.links(all: all.count, path: Place.aliases.rawValue, texts: t),
            alias: Field(
                id: "alias", label: t(.fieldAlias), type: "email", value: visit.form.text("alias"),
                hint: t(.aliasHint), wrong: alias, isFocused: alias != nil),
            targets: Field(
                id: "targets", label: t(.fieldTargets), value: visit.form.text("targets"), hint: t(.aliasTargetsHint),
                wrong: targets, isFocused: targets != nil))
        let isWrong = alias != nil || targets != nil
        return visit.page(
            .aliases, title: t(.aliasesTitle), at: .aliases, status: isWrong ? .unprocessableContent : .ok, page)
    }

    func removeAliasForm(_ visit: Visit) async throws -> Response {
        let (t, address) = (visit.texts, visit.query.text("alias"))
        guard try await backend.directory.aliases().contains(where: { $0.address == address }) else {
            return visit.problem(.notFound, .errorNoSuchAlias, ["name": address])
        }
        return visit.confirm(
            ConfirmPage(
                question: t(.aliasRemoveQuestion, ["name": address]), explanation: t(.aliasRemoveText),
                action: "/admin/aliases/remove", button: t(.aliasRemoveButton), back: Place.aliases.rawValue,
                hidden: [ConfirmPage.Hidden(name: "alias", value: address)]), at: .aliases)
    }

    func removeAlias(_ visit: Visit) async throws -> Response {
        let address = visit.form.text("alias")
        do { try await backend.directory.removeAlias(address, by: visit.actor) } catch let error as DirectoryError {
            guard case .noSuchAlias = error else { return visit.problem(.badRequest, .problemRequest) }
            return visit.problem(.notFound, .errorNoSuchAlias, ["name": address])
        }
        return visit.redirect(to: Place.aliases.rawValue, saying: .aliasRemoved, of: address)
    }
}
