// SPDX-License-Identifier: Apache-2.0
import DNSClient
import Testing

@testable import SMTPClient

@Suite struct RouteTests {
    static func route(_ domain: String, _ records: [String: [TableResolver.Entry]], allowsPrivate: Bool = false) async
        -> Route
    {
        await RouteFinder(resolver: TableResolver(records), policy: AddressPolicy(allowsPrivate: allowsPrivate)).route(
            to: domain)
    }

    @Test func byPreferenceIPv6First() async {
        let route = await Self.route(
            "x.example",
            [
                "x.example": [.mx(20, "b.example"), .mx(10, "a.example")],
                "a.example": [.address("198.51.100.1"), .address("2001:db8::1")],
                "b.example": [.address("198.51.100.2")],
            ])
        guard case .servers(let servers) = route else {
            Issue.record("\(route)")
            return
        }
        #expect(
            servers.map(\.description) == [
                "a.example [2001:db8::1]", "a.example [198.51.100.1]", "b.example [198.51.100.2]",
            ])
    }

    @Test func withoutMXTheDomainItself() async {
        let route = await Self.route("x.example", ["x.example": [.address("198.51.100.1")]])
        #expect(route == .servers([Route.Server(host: "x.example", address: IPAddress(parsing: "198.51.100.1")!)]))
    }

    @Test func literals() async {
        let server = Route.servers([Route.Server(host: nil, address: IPAddress(parsing: "2001:db8::1")!)])
        #expect(await Self.route("[IPv6:2001:db8::1]", [:]) == server)
        for text in ["[127.0.0.1]", "[IPv6:::1]", "[10.0.0.1]", "[x]", "[192.0.2.1"] {
            guard case .failed = await Self.route(text, [:]) else {
                Issue.record("\(text)")
                continue
            }
        }
    }

    @Test(arguments: [
        ("null MX", [TableResolver.Entry.mx(0, ".")], "5.1.10"), ("no address", [.mx(10, "none.example")], "5.4.4"),
        ("no record", [.txt("x")], "5.4.4"), ("our own house", [.mx(10, "house.example")], "5.4.4"),
    ])
    func failsForGood(_: String, records: [TableResolver.Entry], status: String) async {
        let route = await Self.route(
            "x.example", ["x.example": records, "house.example": [.address("192.168.1.1"), .address("::1")]])
        guard case .failed(status, _) = route else {
            Issue.record("\(route)")
            return
        }
    }

    @Test func anUnknownDomainFailsForGood() async {
        guard case .failed("5.1.2", _) = await Self.route("x.example", [:]) else {
            Issue.record("no 5.1.2")
            return
        }
    }

    @Test(arguments: [("DNS away", TableResolver.Entry.temporaryFailure, "4.4.3"), ("bogus", .bogus, "4.7.0")])
    func waits(_: String, entry: TableResolver.Entry, status: String) async {
        let route = await Self.route("x.example", ["x.example": [entry]])
        guard case .deferred(status, _) = route else {
            Issue.record("\(route)")
            return
        }
        let host = await Self.route("x.example", ["x.example": [.mx(1, "a.example")], "a.example": [entry]])
        guard case .deferred("4.4.3", _) = host else {
            Issue.record("\(host)")
            return
        }
    }

    @Test func aSwarmOfServersIsCut() async {
        var records: [String: [TableResolver.Entry]] = ["x.example": (0..<60).map { .mx(UInt16($0), "h\($0).example") }]
        for number in 0..<60 { records["h\(number).example"] = (1...5).map { .address("198.51.\(number).\($0)") } }
        guard case .servers(let servers) = await Self.route("x.example", records) else {
            Issue.record("none")
            return
        }
        #expect(servers.count == ClientLimits.addresses)
    }

    @Test(arguments: [
        "0.0.0.0", "127.9.9.9", "10.1.1.1", "169.254.1.1", "172.31.0.1", "192.168.0.1", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "::", "::1", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1",
    ])
    func ourOwnHouseIsNotWrittenTo(text: String) throws {
        #expect(!AddressPolicy().allows(try #require(IPAddress(parsing: text))))
    }
}
