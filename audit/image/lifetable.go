package image

import "time"

// lifetime is how long something is kept up.
type lifetime struct {
	// id is os-release's ID and, after a space, as much of VERSION_ID as counts;
	// or the identifier of a Lambda runtime.
	id string
	// name is what people call it.
	name string
	// end is the last day with free security updates, at 0:00 UTC.
	end time.Time
}

// tablesDate is when the tables of this file were last held against their
// sources; tablesLast is for how long they can be relied on.
func tablesDate() time.Time { return day(2026, 11, 22) }

const tablesLast = 365 * 24 * time.Hour

func day(year, month, d int) time.Time {
	return time.Date(year, time.Month(month), d, 0, 0, 0, 0, time.UTC)
}

// osLifetimes is the end of free security updates by operating system. Within
// one, the oldest stands first. Where a source gives a month only, its last day
// counts.
func osLifetimes() []lifetime {
	return []lifetime{
		// https://aws.amazon.com/amazon-linux-ami/faqs/
		// https://docs.aws.amazon.com/linux/al2023/ug/release-cadence.html
		{"amzn 2018.03", "Amazon Linux 1", day(2023, 12, 31)},
		{"amzn 2", "Amazon Linux 2", day(2026, 6, 30)},
		{"amzn 2023", "Amazon Linux 2023", day(2029, 6, 30)},
		// https://wiki.debian.org/LTS: the LTS team's last day.
		{"debian 8", "Debian 8", day(2020, 6, 30)},
		{"debian 9", "Debian 9", day(2022, 6, 30)},
		{"debian 10", "Debian 10", day(2024, 6, 30)},
		{"debian 11", "Debian 11", day(2026, 8, 31)},
		{"debian 12", "Debian 12", day(2028, 6, 30)},
		{"debian 13", "Debian 13", day(2030, 6, 30)},
		// https://ubuntu.com/about/release-cycle: standard security maintenance,
		// which does not need a subscription.
		{"ubuntu 14.04", "Ubuntu 14.04", day(2019, 4, 30)},
		{"ubuntu 16.04", "Ubuntu 16.04", day(2021, 4, 30)},
		{"ubuntu 18.04", "Ubuntu 18.04", day(2023, 5, 31)},
		{"ubuntu 20.04", "Ubuntu 20.04", day(2025, 5, 31)},
		{"ubuntu 20.10", "Ubuntu 20.10", day(2021, 7, 31)},
		{"ubuntu 21.04", "Ubuntu 21.04", day(2022, 1, 31)},
		{"ubuntu 21.10", "Ubuntu 21.10", day(2022, 7, 31)},
		{"ubuntu 22.04", "Ubuntu 22.04", day(2027, 5, 31)},
		{"ubuntu 22.10", "Ubuntu 22.10", day(2023, 7, 31)},
		{"ubuntu 23.04", "Ubuntu 23.04", day(2024, 1, 31)},
		{"ubuntu 23.10", "Ubuntu 23.10", day(2024, 7, 31)},
		{"ubuntu 24.04", "Ubuntu 24.04", day(2029, 5, 31)},
		{"ubuntu 24.10", "Ubuntu 24.10", day(2025, 7, 31)},
		{"ubuntu 25.04", "Ubuntu 25.04", day(2026, 1, 31)},
		{"ubuntu 25.10", "Ubuntu 25.10", day(2026, 7, 31)},
		{"ubuntu 26.04", "Ubuntu 26.04", day(2031, 5, 31)},
		// https://alpinelinux.org/releases/
		{"alpine 3.15", "Alpine 3.15", day(2023, 11, 1)},
		{"alpine 3.16", "Alpine 3.16", day(2024, 5, 23)},
		{"alpine 3.17", "Alpine 3.17", day(2024, 11, 22)},
		{"alpine 3.18", "Alpine 3.18", day(2025, 5, 9)},
		{"alpine 3.19", "Alpine 3.19", day(2025, 11, 1)},
		{"alpine 3.20", "Alpine 3.20", day(2026, 4, 1)},
		{"alpine 3.21", "Alpine 3.21", day(2026, 11, 1)},
		{"alpine 3.22", "Alpine 3.22", day(2027, 5, 1)},
		{"alpine 3.23", "Alpine 3.23", day(2027, 11, 1)},
		// https://wiki.rockylinux.org/rocky/version/
		{"rocky 8", "Rocky Linux 8", day(2029, 5, 31)},
		{"rocky 9", "Rocky Linux 9", day(2032, 5, 31)},
		{"rocky 10", "Rocky Linux 10", day(2035, 5, 31)},
		// https://wiki.almalinux.org/release-notes/
		{"almalinux 8", "AlmaLinux 8", day(2029, 5, 31)},
		{"almalinux 9", "AlmaLinux 9", day(2032, 5, 31)},
		{"almalinux 10", "AlmaLinux 10", day(2035, 5, 31)},
		// https://access.redhat.com/support/policy/updates/errata: maintenance
		// support, which the universal base images follow.
		{"rhel 7", "Red Hat Enterprise Linux 7", day(2024, 6, 30)},
		{"rhel 8", "Red Hat Enterprise Linux 8", day(2029, 5, 31)},
		{"rhel 9", "Red Hat Enterprise Linux 9", day(2032, 5, 31)},
		{"rhel 10", "Red Hat Enterprise Linux 10", day(2035, 5, 31)},
		// https://www.centos.org/centos-linux-eol/ and
		// https://www.centos.org/cl-vs-cs/: 8 is the longer-lived Stream 8.
		{"centos 7", "CentOS 7", day(2024, 6, 30)},
		{"centos 8", "CentOS 8", day(2024, 5, 31)},
		{"centos 9", "CentOS Stream 9", day(2027, 5, 31)},
	}
}

// runtimeLifetimes is the deprecation date by runtime, of those that have a base
// image (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html). A
// preview has no date and is not in it.
func runtimeLifetimes() []lifetime {
	var all []lifetime
	for _, r := range []struct {
		id         string
		deprecated time.Time
	}{
		{"python2.7", day(2021, 7, 15)}, {"python3.6", day(2022, 7, 18)}, {"python3.7", day(2023, 12, 4)},
		{"python3.8", day(2024, 10, 14)}, {"python3.9", day(2025, 12, 15)}, {"python3.10", day(2026, 10, 31)},
		{"python3.11", day(2027, 6, 30)}, {"python3.12", day(2028, 10, 31)}, {"python3.13", day(2029, 6, 30)},
		{"python3.14", day(2029, 6, 30)},
		{"nodejs10.x", day(2021, 7, 30)}, {"nodejs12.x", day(2023, 3, 31)}, {"nodejs14.x", day(2023, 12, 4)},
		{"nodejs16.x", day(2024, 6, 12)}, {"nodejs18.x", day(2025, 9, 1)}, {"nodejs20.x", day(2026, 4, 30)},
		{"nodejs22.x", day(2027, 4, 30)}, {"nodejs24.x", day(2028, 4, 30)},
		{"ruby2.5", day(2021, 7, 30)}, {"ruby2.7", day(2023, 12, 7)}, {"ruby3.2", day(2026, 3, 31)},
		{"ruby3.3", day(2027, 3, 31)}, {"ruby3.4", day(2028, 3, 31)}, {"ruby4.0", day(2029, 3, 31)},
		{"java8", day(2024, 1, 8)}, {"java8.al2", day(2027, 6, 30)}, {"java8.al2023", day(2029, 6, 30)},
		{"java11", day(2027, 6, 30)}, {"java11.al2023", day(2029, 6, 30)},
		{"java17", day(2027, 6, 30)}, {"java17.al2023", day(2029, 6, 30)},
		{"java21", day(2029, 6, 30)}, {"java25", day(2029, 6, 30)},
		{"dotnetcore2.1", day(2022, 1, 5)}, {"dotnetcore3.1", day(2023, 4, 3)}, {"dotnet5.0", day(2022, 5, 10)},
		{"dotnet6", day(2024, 12, 20)}, {"dotnet7", day(2024, 5, 14)}, {"dotnet8", day(2026, 11, 10)},
		{"dotnet9", day(2026, 11, 10)}, {"dotnet10", day(2028, 11, 14)},
		{"provided", day(2024, 1, 8)}, {"provided.al2", day(2026, 7, 31)}, {"provided.al2023", day(2029, 6, 30)},
	} {
		all = append(all, lifetime{id: r.id, name: r.id, end: r.deprecated})
	}
	return all
}
