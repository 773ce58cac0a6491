// SPDX-License-Identifier: Apache-2.0
import Accounts
import DNSClient
import DomainRecords
import HTTPTypes
import Hummingbird

extension AdminPages {
    struct DomainsPage {
        struct Row {
            let name: String
            let accounts: Int
            let aliases: Int
            let added: Moment
        }

        let rows: [Row]
        let links: Pager.Links?
        let domain: Field
    }

    struct DomainPage {
        struct Row {
            let purpose: String
            let name: String
            let type: String
            let value: String
            /// `right`, `missing`, `different`, `unknown`: a class of the style sheet.
            let state: String
            let stateText: String
            /// What is there instead, or why it is not known.
            let found: [String]
        }

        struct Group {
            let title: String
            let hint: String
            let isNeeded: Bool
            let rows: [Row]
        }

        let name: String
        let isAllRight: Bool
        let summary: String
        let groups: [Group]
        let quota: Field
        let zone: String
    }

    func domains(_ visit: Visit) async throws -> Response { try await domainsPage(visit) }

    func addDomain(_ visit: Visit) async throws -> Response {
        let name = visit.form.text("domain")
        do {
            let records = try await backend.directory.addDomain(name, by: visit.actor)
            let domain = records.first?.domain ?? name
            return visit.redirect(to: "/admin/domains/\(domain)", saying: .domainAdded, of: domain)
        } catch let error as DirectoryError {
            return try await domainsPage(visit, value: name, wrong: visit.texts(error))
        }
    }

    private func domainsPage(_ visit: Visit, value: String = "", wrong: String? = nil) async throws -> Response {
        let t = visit.texts
        let all = try await backend.directory.domains()
        let pager = Pager(page: visit.query.text("page"))
        let page = DomainsPage(
            rows: all.dropFirst(pager.offset).prefix(pager.limit).map {
                DomainsPage.Row(
                    name: $0.name, accounts: $0.accounts, aliases: $0.aliases, added: Moment($0.created))
            }, links: pager.links(all: all.count, path: Place.domains.rawValue, texts: t),
            domain: Field(
                id: "domain", label: t(.fieldDomain), value: value, hint: t(.domainHint), wrong: wrong,
                isFocused: wrong != nil))
        return visit.page(
            .domains, title: t(.domainsTitle), at: .domains, status: wrong == nil ? .ok : .unprocessableContent, page)
    }

    /// The records of a domain beside what the DNS says now, and what its accounts may hold.
    func domain(_ visit: Visit) async throws -> Response { try await domainPage(visit) }

    /// `quota`: what is wrong with the one that was typed.
    func domainPage(_ visit: Visit, quota: String? = nil) async throws -> Response {
        let t = visit.texts
        guard let name = try await backend.directory.localDomain(visit.part("domain")) else {
            return visit.problem(.notFound, .errorNoSuchDomain, ["name": visit.part("domain")])
        }
        let setup = DomainSetup(
            domain: name, host: settings.hostname, addresses: await addresses(),
            signing: try await backend.directory.signingRecords(domain: name),
            certificateKey: backend.certificateKey(), policyMode: settings.policyMode)
        let checked = await setup.check(backend.resolver)
        let groups = [
            (DNSRecord.Need.needed, Phrase.recordsNeeded, Phrase.recordsNeededHint),
            (.recommended, .recordsRecommended, .recordsRecommendedHint),
        ].map { need, title, hint in
            DomainPage.Group(
                title: t(title), hint: t(hint), isNeeded: need == .needed,
                rows: checked.filter { $0.record.need == need }.map { row($0, t) })
        }
        let wrong = checked.filter { $0.record.need == .needed && $0.state != .right }.count
        let page = DomainPage(
            name: name, isAllRight: wrong == 0,
            summary: wrong == 0 ? t(.recordsRight) : t(.recordsWrong, ["count": "\(wrong)"]), groups: groups,
            quota: try await quotaField(visit, domain: name, wrong: quota),
            zone: DNSRecord.zoneFile(checked.map(\.record)))
        return visit.page(
            .domain, title: name, at: .domains, status: quota == nil ? .ok : .unprocessableContent, page)
    }

    /// What was set, else what the DNS says.
    private func addresses() async -> [DNSClient.IPAddress] {
        guard settings.addresses.isEmpty else { return settings.addresses }
        return await backend.resolver.addresses(settings.hostname).records ?? []
    }

    private func row(_ checked: CheckedRecord, _ t: Texts) -> DomainPage.Row {
        let found: [String] =
            switch checked.state {
            case .right, .missing: []
            case .different(let values): values
            case .unknown(let why): [why]
            }
        let state: Phrase =
            switch checked.state {
            case .right: .recordRight
            case .missing: .recordMissing
            case .different: .recordDifferent
            case .unknown: .recordUnknown
            }
        return DomainPage.Row(
            purpose: t(Phrase(checked.record.purpose)), name: checked.record.name, type: checked.record.type,
            value: checked.record.text, state: checked.state.word, stateText: t(state), found: found)
    }

    func removeDomainForm(_ visit: Visit) async throws -> Response {
        guard let name = try await backend.directory.localDomain(visit.part("domain")) else {
            return visit.problem(.notFound, .errorNoSuchDomain, ["name": visit.part("domain")])
        }
        return removeDomainPage(visit, name)
    }

    func removeDomain(_ visit: Visit) async throws -> Response {
        let name = visit.part("domain")
        do { try await backend.directory.removeDomain(name, by: visit.actor) } catch DirectoryError.noSuchDomain {
            return visit.problem(.notFound, .errorNoSuchDomain, ["name": name])
        } catch let error as DirectoryError {
            return removeDomainPage(visit, name, failure: visit.texts(error))
        }
        return visit.redirect(to: Place.domains.rawValue, saying: .domainRemoved, of: name)
    }

    private func removeDomainPage(_ visit: Visit, _ name: String, failure: String? = nil) -> Response {
        let t = visit.texts
        return visit.confirm(
            ConfirmPage(
                question: t(.domainRemoveQuestion, ["name": name]), explanation: t(.domainRemoveText),
                action: "/admin/domains/\(name)/remove", button: t(.domainRemoveButton),
                back: "/admin/domains/\(name)", failure: failure), at: .domains,
            status: failure == nil ? .ok : .unprocessableContent)
    }
}
