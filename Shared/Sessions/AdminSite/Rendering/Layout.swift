// SPDX-License-Identifier: Apache-2.0

/// What the layout shows around every page.
struct Layout {
    struct Link {
        let path: String
        let text: String
        let isCurrent: Bool
    }

    struct User {
        let address: String
    }

    let t: Texts
    let language: String
    let title: String
    let user: User?
    /// The navigation.
    let places: [Link]
    /// The form token of the session; empty without one.
    let token: String
    let notice: String?
    /// Changes with the style sheet, so that browsers may keep it for ever.
    let styleVersion = StyleSheet.version
    let languages: [Link]
    /// Where the language switch comes back to.
    let here: String
    /// Seconds after which the page asks for itself again, while something runs.
    let refresh: Int?
    let page: Any
}

/// The places in the navigation.
enum Place: String, CaseIterable {
    case overview = "/admin"
    case domains = "/admin/domains"
    case accounts = "/admin/accounts"
    case aliases = "/admin/aliases"
    case queue = "/admin/queue"
    case backups = "/admin/backups"
    case services = "/admin/services"
    case audit = "/admin/audit"
    case account = "/account"

    static let administration: [Place] = allCases.filter { $0 != .account }

    var title: Phrase {
        switch self {
        case .overview: .overviewTitle
        case .domains: .domainsTitle
        case .accounts: .accountsTitle
        case .aliases: .aliasesTitle
        case .queue: .queueTitle
        case .backups: .backupsTitle
        case .services: .servicesTitle
        case .audit: .auditTitle
        case .account: .accountTitle
        }
    }
}
