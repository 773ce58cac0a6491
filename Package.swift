// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// Mailkeep: the rooms and the walls between them. docs/architecture.md explains the layers.
import PackageDescription

let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

/// Every target of ours: warnings are errors.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// `MAILKEEP_FUZZ=1` builds the grammars and the program `Fuzz` for libFuzzer (Tests/Fuzzing/fuzz.sh).
let isFuzzing = Context.environment["MAILKEEP_FUZZ"] != nil
let instrumented: [SwiftSetting] = isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer"])] : []

/// `embedded`: a folder of files that become constants of the target, so that no file has to lie beside the executable.
func library(
    _ name: String, layer: String, _ dependencies: [Target.Dependency] = [], embedded: String? = nil
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Shared/\(layer)/\(name)", exclude: ["\(name).md"],
        resources: embedded.map { [.embedInCode($0)] },
        swiftSettings: strict + (layer == "Grammars" ? instrumented : []))
}

/// `pkgConfig`: the module of pkg-config that says where its headers are, when they lie in a folder of their own.
func system(_ name: String, pkgConfig: String? = nil) -> Target {
    .systemLibrary(name: name, path: "Shared/Tools/\(name)", pkgConfig: pkgConfig)
}

func service(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: "Services/\(name)", swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = [], beside: [String] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.target(name: name), "TestSupport"] + dependencies,
        path: "Tests/\(name)Tests", exclude: beside, swiftSettings: strict)
}

let grammars: [Target] = [
    library("MailFormat", layer: "Grammars"),
    library("SMTPGrammar", layer: "Grammars"),
    library("IMAPGrammar", layer: "Grammars"),
    library("POP3Grammar", layer: "Grammars"),
    library("SASLMechanisms", layer: "Grammars"),
    library("DAVGrammar", layer: "Grammars", ["CLibXML2"]),
    library("CalendarFormat", layer: "Grammars"),
]

let tools: [Target] = [
    system("CSodium"),
    system("CHiredis"),
    system("CUnbound"),
    system("CPublicSuffix"),
    system("CZstd"),
    system("CLibXML2", pkgConfig: "libxml-2.0"),
    system("CProcess"),
    .target(
        name: "CSealedSQLite", path: "Shared/Tools/CSealedSQLite",
        linkerSettings: [.linkedLibrary("sqlite3"), .linkedLibrary("sodium"), .linkedLibrary("crypto")]),
    library("SealedSQLite", layer: "Tools", ["CSealedSQLite", "CSodium", grdb]),
    library("RedisStreams", layer: "Tools", ["CHiredis", nio, nioPosix, crypto, logging, lifecycle]),
    library("DNSClient", layer: "Tools", ["CUnbound"]),
    library(
        "ServiceKit", layer: "Tools",
        [
            "CProcess", nio, nioPosix, nioHTTP1, nioSSL, logging, metrics, coreMetrics, configuration, lifecycle,
        ]),
    library(
        "WebServer", layer: "Tools",
        ["ServiceKit", nio, nioHTTPTypes, hummingbird, hummingbirdCore, httpTypes, logging, metrics, lifecycle]),
]

let domain: [Target] = [
    library(
        "Accounts", layer: "Domain", ["MailFormat", "SealedSQLite", "CSodium", crypto, cryptoExtras, grdb, logging]),
    library(
        "MailStore", layer: "Domain", ["Accounts", "MailFormat", "SealedSQLite", "CZstd", crypto, grdb, logging, lifecycle]),
    library("Logins", layer: "Domain", ["Accounts", "RedisStreams", "SASLMechanisms", nio, logging, metrics]),
    library("Filing", layer: "Domain", ["Accounts", "MailStore", logging, metrics, lifecycle]),
    library("BackupJobs", layer: "Domain", ["RedisStreams", logging, lifecycle]),
    library("CalendarStore", layer: "Domain", ["MailStore", "SealedSQLite", crypto, grdb]),
    library("MailAuthentication", layer: "Domain", ["MailFormat", "DNSClient", "CPublicSuffix", crypto, cryptoExtras]),
    library(
        "DomainRecords", layer: "Domain", ["Accounts", "DNSClient", "MailAuthentication", "SealedSQLite", crypto]),
    library("OutgoingQueue", layer: "Domain", ["SealedSQLite", grdb]),
    library(
        "MailFlow", layer: "Domain",
        [
            "Accounts", "MailStore", "MailAuthentication", "OutgoingQueue", "MailFormat", "RedisStreams", "DNSClient",
            logging, metrics,
        ]),
]

let sessions: [Target] = [
    library(
        "SMTPServer", layer: "Sessions",
        [
            "SMTPGrammar", "SASLMechanisms", "MailFormat", "ServiceKit", "Accounts", "Logins", "MailFlow",
            "MailAuthentication", nio, nioSSL, logging, metrics, lifecycle,
        ]),
    library(
        "SMTPClient", layer: "Sessions",
        [
            "SMTPGrammar", "MailFormat", "DNSClient", "OutgoingQueue", "MailAuthentication", "Accounts", nio, nioPosix,
            nioSSL, logging, metrics, lifecycle, crypto, cryptoExtras,
        ]),
    library(
        "IMAPServer", layer: "Sessions",
        [
            "IMAPGrammar", "SASLMechanisms", "MailFormat", "ServiceKit", "RedisStreams", "Accounts", "MailStore", nio,
            nioSSL, logging, metrics, lifecycle,
        ]),
    library(
        "POP3Server", layer: "Sessions",
        [
            "POP3Grammar", "SASLMechanisms", "MailFormat", "ServiceKit", "RedisStreams", "Accounts", "MailStore", nio,
            nioSSL, logging, metrics, lifecycle,
        ]),
    library(
        "DAVServer", layer: "Sessions",
        [
            "DAVGrammar", "CalendarFormat", "SASLMechanisms", "WebServer", "Accounts", "MailStore", "CalendarStore",
            nio,
            hummingbird, httpTypes, logging,
        ]),
    library(
        "AdminSite", layer: "Sessions",
        [
            "WebServer", "ServiceKit", "DNSClient", "SASLMechanisms", "Accounts", "MailStore", "OutgoingQueue",
            "DomainRecords", "BackupJobs", "SealedSQLite", nio, hummingbird, httpTypes, mustache, crypto, logging,
        ], embedded: "Resources"),
    library(
        "BackupEngine", layer: "Sessions",
        [
            "BackupJobs", "Accounts", "MailStore", "CalendarStore", "OutgoingQueue", "SealedSQLite", "CSodium", crypto,
            logging, metrics, lifecycle,
        ]),
]

let services: [Target] = [
    service(
        "SMTPInbound",
        [
            "SMTPServer", "MailFlow", "ServiceKit", "RedisStreams", "DNSClient", "Accounts", "Logins", "MailStore",
            "OutgoingQueue", "MailAuthentication", "SealedSQLite", nio, nioSSL, logging, lifecycle, configuration,
        ]),
    service(
        "SMTPOutbound",
        [
            "SMTPClient", "ServiceKit", "RedisStreams", "DNSClient", "Accounts", "OutgoingQueue", "MailAuthentication",
            "SealedSQLite", nio, nioSSL, logging, lifecycle, configuration,
        ]),
    service(
        "MailAccess",
        [
            "IMAPServer", "POP3Server", "SASLMechanisms", "ServiceKit", "RedisStreams", "Accounts", "Logins",
            "MailStore", "Filing",
            "SealedSQLite", nio, nioSSL, logging, lifecycle, configuration,
        ]),
    service(
        "DAVAccess",
        [
            "DAVServer", "WebServer", "ServiceKit", "RedisStreams", "Accounts", "Logins", "MailStore", "Filing",
            logging,
            lifecycle,
        ]),
    service(
        "WebAdmin",
        [
            "AdminSite", "WebServer", "ServiceKit", "RedisStreams", "DNSClient", "Accounts", "Logins", "MailStore",
            "OutgoingQueue", "DomainRecords", "BackupJobs", logging, lifecycle,
        ]),
    service("Backup", ["BackupEngine", "BackupJobs", "ServiceKit", "RedisStreams", logging, lifecycle]),
    .executableTarget(
        name: "mailkeep",
        dependencies: [
            "Accounts", "DNSClient", "DomainRecords", "MailStore", "OutgoingQueue", "MailFormat", "SealedSQLite",
            "RedisStreams", "ServiceKit", "BackupEngine", "BackupJobs", arguments, logging, crypto,
        ],
        path: "Services/Control", swiftSettings: strict),
]

/// Only with `MAILKEEP_FUZZ`: the toolchain's libFuzzer is linked by unsafe flags.
let fuzzing: [Target] =
    !isFuzzing
    ? []
    : [
        .executableTarget(
            name: "Fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzzing/Driver",
            swiftSettings: strict + [.unsafeFlags(["-parse-as-library", "-sanitize=fuzzer"])],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])])
    ]

/// Only with `MAILKEEP_BENCHMARK`: Benchmarks/Store/run.sh builds and runs it.
let benchmarks: [Target] =
    Context.environment["MAILKEEP_BENCHMARK"] == nil
    ? []
    : [
        .executableTarget(
            name: "StoreBenchmark",
            dependencies: [
                "Accounts", "MailStore", "SealedSQLite", grdb, .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            path: "Benchmarks/Store/Driver", swiftSettings: strict)
    ]

let package = Package(
    name: "Mailkeep",
    products: [
        .executable(name: "SMTPInbound", targets: ["SMTPInbound"]),
        .executable(name: "SMTPOutbound", targets: ["SMTPOutbound"]),
        .executable(name: "MailAccess", targets: ["MailAccess"]),
        .executable(name: "DAVAccess", targets: ["DAVAccess"]),
        .executable(name: "WebAdmin", targets: ["WebAdmin"]),
        .executable(name: "Backup", targets: ["Backup"]),
        .executable(name: "mailkeep", targets: ["mailkeep"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0",
            traits: [.defaults, "CommandLineArguments"]),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: grammars + tools + domain + sessions + services + [
        .target(
            name: "TestSupport", dependencies: [], path: "Tests/TestSupport", swiftSettings: strict),
        .target(
            name: "CFaultyDisk", dependencies: ["CSealedSQLite"], path: "Tests/FaultyDisk",
            linkerSettings: [.linkedLibrary("sqlite3")]),
        .executableTarget(
            name: "StoreFaults",
            dependencies: [
                "CFaultyDisk", "Accounts", "MailStore", "OutgoingQueue", "SealedSQLite", "TestSupport", grdb,
            ],
            path: "Tests/StoreFaults", swiftSettings: strict),
        .executableTarget(
            name: "StoreRekeys", dependencies: ["Accounts", "MailStore"], path: "Tests/StoreRekeys",
            swiftSettings: strict),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "MailFormat", "SMTPGrammar", "IMAPGrammar", "POP3Grammar", "SASLMechanisms", "DAVGrammar",
                "CalendarFormat", "ServiceKit",
            ],
            path: "Tests/Fuzzing/Targets", swiftSettings: strict),
        .testTarget(
            name: "FuzzingTests", dependencies: ["FuzzTargets"], path: "Tests/FuzzingTests", swiftSettings: strict),
        tests("MailFormat"), tests("SMTPGrammar"), tests("IMAPGrammar"), tests("POP3Grammar"), tests("SASLMechanisms"),
        tests("DAVGrammar"), tests("CalendarFormat"),
        tests("SealedSQLite", [grdb], beside: ["independent_reader.py", "our_writer.py"]),
        tests("RedisStreams", [logging]), tests("DNSClient"),
        tests("ServiceKit", [nio, nioPosix, nioSSL, logging, lifecycle]),
        tests("WebServer", ["ServiceKit", nio, hummingbird, httpTypes, logging, lifecycle, configuration]),
        tests("Accounts", ["MailFormat", "SealedSQLite", grdb, crypto]),
        tests("Logins", ["Accounts", "RedisStreams", "SASLMechanisms", "SealedSQLite", logging]),
        tests("Filing", ["Accounts", "MailStore", "SealedSQLite", grdb, logging]),
        tests("BackupJobs", ["RedisStreams", logging]),
        tests(
            "BackupEngine",
            [
                "Accounts", "BackupJobs", "MailStore", "CalendarStore", "OutgoingQueue", "RedisStreams", "SealedSQLite",
                grdb, logging,
            ]),
        tests("CalendarStore", ["Accounts", "MailStore", "SealedSQLite"]),
        tests("MailStore", ["Accounts", "MailFormat", "SealedSQLite", grdb]),
        tests("MailAuthentication", ["MailFormat", "DNSClient", crypto, cryptoExtras]),
        tests("DomainRecords", ["Accounts", "DNSClient", "SealedSQLite"]),
        tests("OutgoingQueue", ["MailFormat", "SealedSQLite", grdb]),
        tests(
            "MailFlow",
            ["Accounts", "MailStore", "MailFormat", "MailAuthentication", "OutgoingQueue", "SealedSQLite", logging]),
        tests(
            "SMTPServer",
            [
                "SMTPGrammar", "SASLMechanisms", "Accounts", "MailFlow", "MailFormat", "ServiceKit", "SealedSQLite",
                nio,
                logging, configuration,
            ]),
        tests("SMTPClient", ["SMTPGrammar", "OutgoingQueue", "MailFormat", "DNSClient"]),
        tests("IMAPServer", ["IMAPGrammar", "Accounts", "MailStore", "MailFormat", "ServiceKit", "SealedSQLite"]),
        .testTarget(
            name: "JourneyTests",
            dependencies: [
                "SMTPServer", "IMAPServer", "MailFlow", "MailStore", "MailAuthentication", "Accounts", "Logins",
                "OutgoingQueue",
                "SASLMechanisms", "DNSClient", "RedisStreams", "ServiceKit", "SealedSQLite", "TestSupport", logging,
            ], path: "Tests/JourneyTests", swiftSettings: strict),
        tests("DAVServer", ["DAVGrammar", "CalendarStore", "MailStore", "Accounts", "SealedSQLite", logging]),
        tests(
            "AdminSite",
            [
                "WebServer", "ServiceKit", "DNSClient", "DomainRecords", "SASLMechanisms", "Accounts", "Logins",
                "MailStore", "OutgoingQueue", "RedisStreams", "SealedSQLite", nio, hummingbird, httpTypes, logging,
            ]),
        tests("POP3Server", ["POP3Grammar", "Accounts", "MailStore", "MailFormat", "ServiceKit", "SealedSQLite"]),
    ] + fuzzing + benchmarks,
    swiftLanguageModes: [.v6]
)
