// SPDX-License-Identifier: Apache-2.0
import Accounts
import Hummingbird
import MailStore

/// What an account holds and may hold.
extension AdminPages {
    /// By the partial `use`. Sizes are written as quotas are typed.
    struct UsePart {
        /// What a person sees as a bar; the text beside it says the same.
        struct Meter {
            let limit: String
            let nearly: String
            let held: String
        }

        let used: String
        let parts: String
        /// `nil` without a limit.
        let meter: Meter?

        init(_ use: StorageUse, _ t: Texts) {
            if let limit = use.limit {
                used = t(
                    .useOfLimit,
                    [
                        "used": Size.text(use.bytes), "limit": Size.text(limit),
                        "percent": "\(use.bytes * 100 / limit)",
                    ])
                meter = Meter(limit: "\(limit)", nearly: "\(limit - limit / 10)", held: "\(use.bytes)")
            } else {
                used = t(.useUnlimited, ["used": Size.text(use.bytes)])
                meter = nil
            }
            parts = t(
                .useParts,
                [
                    "messages": "\(use.messages)", "messageSize": Size.text(use.messageBytes),
                    "objectSize": Size.text(use.objectBytes),
                ])
        }
    }

    /// `nil`, and a line in the log, when the account's file cannot be read: the rest of the page is still of use.
    func use(of account: AccountID, _ visit: Visit) async -> UsePart? {
        do { return UsePart(try await backend.accounts.use(of: account), visit.texts) } catch {
            visit.logger.error(
                "an account's use cannot be read", metadata: ["account": "\(account)", "error": "\(error)"])
            return nil
        }
    }

    func quotaField(_ visit: Visit, _ account: AccountRecord, wrong: String?) async throws -> Field {
        let t = visit.texts
        let domain = try await backend.directory.quota(domain: account.domain)
        let value =
            switch account.quota {
            case .byDomain: ""
            case .unlimited: "none"
            case .bytes(let bytes): typed(bytes)
            }
        return Field(
            id: "quota", label: t(.fieldQuota), value: wrong == nil ? value : visit.form.text("quota"),
            hint: t(.quotaHint, ["default": domain.map(typed) ?? t(.quotaNone)]), wrong: wrong, isRequired: false,
            isFocused: wrong != nil)
    }

    func quotaField(_ visit: Visit, domain: String, wrong: String?) async throws -> Field {
        let value = try await backend.directory.quota(domain: domain).map(typed) ?? ""
        return Field(
            id: "quota", label: visit.texts(.fieldDomainQuota), value: wrong == nil ? value : visit.form.text("quota"),
            hint: visit.texts(.quotaDomainHint), wrong: wrong, isRequired: false, isFocused: wrong != nil)
    }

    func setQuota(_ visit: Visit) async throws -> Response {
        try await withAccount(visit) { account in
            do {
                let quota: QuotaSetting =
                    switch visit.form.text("quota").lowercased() {
                    case "": .byDomain
                    case "none": .unlimited
                    case let text: .bytes(try bytes(text))
                    }
                try await backend.directory.setQuota(of: account.address, to: quota, by: visit.actor)
            } catch let error as DirectoryError {
                return try await detailPage(visit, account, quota: visit.texts(error))
            }
            return back(visit, account, .accountQuotaSet)
        }
    }

    func setDomainQuota(_ visit: Visit) async throws -> Response {
        let domain = visit.part("domain")
        do {
            let text = visit.form.text("quota").lowercased()
            let quota = text.isEmpty || text == "none" ? nil : try bytes(text)
            try await backend.directory.setQuota(domain: domain, to: quota, by: visit.actor)
        } catch let error as DirectoryError {
            // Of a domain that is not there, this says so.
            return try await domainPage(visit, quota: visit.texts(error))
        }
        return visit.redirect(to: "/admin/domains/\(domain)", saying: .domainQuotaSet, of: domain)
    }

    private func bytes(_ text: String) throws(DirectoryError) -> Int {
        guard let bytes = ByteSize.parse(text) else { throw .quotaOutOfRange }
        return bytes
    }

    /// As it may be typed again, to the byte.
    private func typed(_ bytes: Int) -> String {
        let text = ByteSize.text(bytes)
        return ByteSize.parse(text) == bytes ? text : "\(bytes)"
    }
}

extension AccountRecord {
    /// An address has one @.
    fileprivate var domain: String { String(address.split(separator: "@").last ?? "") }
}
