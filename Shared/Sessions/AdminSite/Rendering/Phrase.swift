// SPDX-License-Identifier: Apache-2.0
import DomainRecords

/// Every text that code asks for; the raw value is its key in the catalogues. Those of templates are not here.
enum Phrase: String, CaseIterable, Sendable {
    case accountAddTitle, accountAdded, accountAddedTitle, accountDemoted, accountDisabled, accountEnabled,
        accountPasswordSet, accountPromoted, accountQuotaSet, accountRemoveButton, accountRemoveQuestion,
        accountRemoveText,
        accountRemoveTyped, accountRemoveTypedWrong, accountRemoved, accountTitle
    case accountsTitle
    case aliasAdded, aliasHint, aliasRemoveButton, aliasRemoveQuestion, aliasRemoveText, aliasRemoved,
        aliasTargetsHint, aliasTargetsMissing
    case aliasesTitle
    case allDomains
    case appPasswordAdded, appPasswordHint, appPasswordOnce, appPasswordRemoved, appPasswordsTitle
    case auditTitle
    case backupAsked, backupKindBackup, backupKindTidy, backupKindVerify, backupLast, backupNone, backupUnknown,
        backupVerifyAsked
    case backupsNoRedis, backupsSilent, backupsTitle
    case deliveryTitle
    case displayNameHint, displayNameLong
    case domainAdded, domainHint, domainQuotaSet, domainRemoveButton, domainRemoveQuestion, domainRemoveText,
        domainRemoved
    case domainsTitle
    case errorAddressTaken, errorAliasTarget, errorAppPasswordExists, errorAppPasswordLabel, errorAppPasswordNone,
        errorAppPasswordsMany, errorDomainExists, errorDomainInUse, errorKeysChanged, errorMalformedAddress,
        errorMalformedDomain, errorNoSuchAccount, errorNoSuchAlias, errorNoSuchDomain, errorOwnerNeeded, errorQuota,
        errorZeroAccess, errorZeroAccessNot
    case fieldAddress, fieldAgain, fieldAlias, fieldAppPassword, fieldDisplayName, fieldDomain, fieldDomainQuota,
        fieldName,
        fieldNewPassword,
        fieldOldPassword, fieldPassword, fieldQuota, fieldSearch, fieldTargets
    case loggedOut
    case loginLater, loginMissing, loginTitle, loginWrong
    case nameHint
    case overviewTitle
    case pageRange
    case passwordChanged, passwordDiffers, passwordEmptyHint, passwordHint, passwordLength, passwordOldWrong,
        passwordOnce,
        passwordSetTitle, passwordTitle
    case problemFileLeft, problemForbidden, problemHere, problemNoAccount, problemNotFound, problemOrigin,
        problemOwn, problemRequest, problemTitle, problemToken, problemTooLarge
    case purposeAdmin, purposeAutoconfig, purposeCalendars, purposeContacts, purposeDkim, purposeDmarc,
        purposeHostAddress, purposeImap, purposeMailServer, purposeMtaSTS, purposeMtaSTSHost, purposePop3,
        purposeReverseName, purposeSpf, purposeSubmission, purposeTlsReports, purposeTlsa
    case queueDue, queueGone, queueHeld, queueInDelivery, queueLocal, queueOldest, queueRemote, queueRemoveButton,
        queueRemoveQuestion, queueRemoveText, queueRemoved, queueRetried, queueRetriedAll, queueTitle, queueWasHeld
    case quotaDomainHint, quotaHint, quotaNone
    case recordDifferent, recordMissing, recordRight, recordUnknown
    case recordsNeeded, recordsNeededHint, recordsRecommended, recordsRecommendedHint, recordsRight, recordsWrong
    case recoveryKey, recoveryKeyOnce, recoveryKeyRenewButton, recoveryKeyRenewText, recoveryKeyRenewTitle,
        recoveryKeyRenewed
    case resetButton, resetDone, resetOnce, resetQuestion, resetText
    case serverIMAP, serverPOP3, serverSMTP
    case serviceAway, serviceNotReady, servicePartly, serviceReady
    case servicesTitle
    case stateAdministrator, stateDisabled
    case useOfLimit, useParts, useUnlimited
    case usedNever
    case zeroAccessIsOff, zeroAccessIsOn, zeroAccessOn, zeroAccessOnButton, zeroAccessOnText, zeroAccessOnTitle,
        zeroAccessTitle

    init(_ purpose: DNSRecord.Purpose) {
        self =
            switch purpose {
            case .hostAddress: .purposeHostAddress
            case .reverseName: .purposeReverseName
            case .mailServer: .purposeMailServer
            case .spf: .purposeSpf
            case .dkim: .purposeDkim
            case .dmarc: .purposeDmarc
            case .tlsa: .purposeTlsa
            case .mtaSTS: .purposeMtaSTS
            case .mtaSTSHost: .purposeMtaSTSHost
            case .tlsReports: .purposeTlsReports
            case .submission: .purposeSubmission
            case .imap: .purposeImap
            case .pop3: .purposePop3
            case .calendars: .purposeCalendars
            case .contacts: .purposeContacts
            case .autoconfig: .purposeAutoconfig
            case .admin: .purposeAdmin
            }
    }
}
