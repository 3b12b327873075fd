/// All that `doctor` looks at, in the order in which a mount needs it.
struct Doctor {
    let checks: [any Check]

    /// - Parameter cacheDirectory: What `--cache-dir` says.
    init(_ surroundings: DoctorSurroundings, _ service: DoctorService, cacheDirectory: String?) {
        checks = [
            FUSEDeviceCheck(surroundings),
            FusermountCheck(surroundings),
            AllowOtherCheck(surroundings),
            KernelCheck(surroundings),
            LimitsCheck(surroundings),
            CertificatesCheck(surroundings),
            CredentialsCheck(service),
            ProxyCheck(surroundings, service),
            ServerCheck(service),
            ClockCheck(service),
            TokenCheck(service),
            ScopesCheck(service),
            CacheDirectoryCheck(surroundings, named: cacheDirectory),
            StagingDirectoryCheck(surroundings),
            UploadsCheck(surroundings),
            MountsCheck(surroundings),
        ]
    }

    /// Runs every check, whatever became of those before it.
    ///
    /// - Parameter tell: Called with each finding at once; some take seconds.
    func run(_ tell: (Finding) -> Void) -> DoctorReport {
        DoctorReport(
            checks: checks.map { check in
                let finding = check.run()
                tell(finding)
                return finding
            }
        )
    }
}
