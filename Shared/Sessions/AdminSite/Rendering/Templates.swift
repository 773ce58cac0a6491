// SPDX-License-Identifier: Apache-2.0
import Mustache

/// The templates of `Resources`, which are compiled in.
struct Templates: Sendable {
    enum Name: String, CaseIterable, Sendable {
        case layout, field, pager, use
        case problem, secret, login, account, password, appPasswords, zeroAccess
        case overview, domains, domain, accounts, accountAdd, accountDetail, aliases, confirm
        case queue, delivery, backups, services, audit
        case autoconfig, appleProfile
    }

    private let library: MustacheLibrary

    /// Throws when a template is malformed.
    init() throws {
        MustacheContentTypes.register(ScalarHTML(), named: ScalarHTML.name)
        var library = MustacheLibrary()
        for name in Name.allCases {
            try library.register(
                "{{% CONTENT_TYPE:\(ScalarHTML.name)}}" + Self.source(name), named: name.rawValue)
        }
        self.library = library
    }

    func render(_ name: Name, _ values: Any) -> String {
        // Every name was registered.
        library.render(values, withTemplate: name.rawValue) ?? ""
    }

    static func source(_ name: Name) -> String {
        let bytes =
            switch name {
            case .layout: PackageResources.layout_mustache
            case .field: PackageResources.field_mustache
            case .pager: PackageResources.pager_mustache
            case .use: PackageResources.use_mustache
            case .problem: PackageResources.problem_mustache
            case .login: PackageResources.login_mustache
            case .account: PackageResources.account_mustache
            case .password: PackageResources.password_mustache
            case .secret: PackageResources.secret_mustache
            case .appPasswords: PackageResources.appPasswords_mustache
            case .zeroAccess: PackageResources.zeroAccess_mustache
            case .overview: PackageResources.overview_mustache
            case .domains: PackageResources.domains_mustache
            case .domain: PackageResources.domain_mustache
            case .accounts: PackageResources.accounts_mustache
            case .accountAdd: PackageResources.accountAdd_mustache
            case .accountDetail: PackageResources.accountDetail_mustache
            case .aliases: PackageResources.aliases_mustache
            case .confirm: PackageResources.confirm_mustache
            case .queue: PackageResources.queue_mustache
            case .delivery: PackageResources.delivery_mustache
            case .backups: PackageResources.backups_mustache
            case .services: PackageResources.services_mustache
            case .audit: PackageResources.audit_mustache
            case .autoconfig: PackageResources.autoconfig_mustache
            case .appleProfile: PackageResources.appleProfile_mustache
            }
        return String(decoding: bytes, as: UTF8.self)
    }
}
