// SPDX-License-Identifier: Apache-2.0
import Accounts
import DomainRecords
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// What anybody gets without a log-in. None of it tells whether an address is there.
struct OpenFiles: Sendable {
    let directory: Directory
    let settings: AdminSettings
    let templates: Templates

    /// The address changes with the bytes (`StyleSheet.version`).
    var style: Response { Self.kept(StyleSheet.bytes, "text/css; charset=utf-8") }
    var icon: Response { Self.kept(PackageResources.icon_svg, "image/svg+xml") }
    var robots: Response { Self.file("User-agent: *\nDisallow: /\n", "text/plain; charset=utf-8") }

    /// Thunderbird's settings, for a domain of ours: that of the address that it names, else that of the host name asked
    /// (`autoconfig.example.org` or `example.org`). The same for each address of the domain.
    func autoconfig(_ request: Request) async throws -> Response {
        guard let query = try? FormFields(parsing: Array((request.uri.query ?? "").utf8)) else {
            throw HTTPError(.badRequest)
        }
        let address = query.text("emailaddress")
        let name =
            address.isEmpty
            ? Self.host(request).trimmingPrefix("autoconfig.")
            : address.lastIndex(of: "@").map { address[address.index(after: $0)...] } ?? ""
        guard let domain = try await ours(String(name)) else { throw HTTPError(.notFound) }
        struct Values {
            let domain: String
            let host: String
            let ports: ClientPorts
        }
        let text = templates.render(
            .autoconfig, Values(domain: domain, host: settings.hostname, ports: settings.ports))
        return Self.file(text, "text/xml; charset=utf-8")
    }

    /// The MTA-STS policy of the domain whose `mta-sts` name was asked (RFC 8461 section 3.2); nothing else is there.
    func policy(_ request: Request) async throws -> Response {
        guard request.method == .get || request.method == .head, request.uri.path == "/.well-known/mta-sts.txt",
            try await ours(String(Self.host(request).dropFirst("mta-sts.".count))) != nil
        else { return Response(status: .notFound) }
        let response = Self.file(
            MTASTSPolicy(host: settings.hostname, mode: settings.policyMode).text, "text/plain; charset=utf-8")
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// The domain as we keep it, when it is one of ours.
    private func ours(_ name: String) async throws -> String? {
        guard !name.isEmpty, name.utf8.count <= 253 else { return nil }
        return try await directory.localDomain(name)
    }

    /// Without the port.
    private static func host(_ request: Request) -> String {
        (request.head.authority ?? "").lowercased().prefix { $0 != ":" }.description
    }

    private static func kept(_ bytes: [UInt8], _ type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type, .cacheControl: "public, max-age=31536000, immutable"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    private static func file(_ text: String, _ type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
