# SPDX-License-Identifier: Apache-2.0
# Makes compare.json: what R, vegan and energy say of numbers that both sides make from integers.
#
#     apt-get install r-base-core r-cran-vegan r-cran-energy r-cran-jsonlite
#     Rscript tests/golden/make_compare.R > tests/golden/compare.json
#
# made with R 4.2.2, vegan 2.6-4, energy 1.7-11
suppressMessages({library(vegan); library(energy); library(jsonlite)})

n <- 40
d <- 3
i <- rep(0:(n - 1), d)
j <- rep(0:(d - 1), each = n)
group <- as.integer((0:(n - 1)) >= 18)             # 18 and 22
covariate <- ((0:(n - 1)) * 7) %% 3
points <- matrix(((i * 7919 + j * 104729 + i * i * 31) %% 1009) / 1009, n, d)
points[, 1] <- points[, 1] + 0.3 * group + 0.1 * covariate
points[, 2] <- points[, 2] * (1 + group)
counts <- outer(0:(n - 1), 0:5, function(i, j) (i * i * 31 + j * 17 + 7 * i * j + 3 * (i >= 18) * j) %% 11)
x <- points[group == 0, 1]
y <- points[group == 1, 1]

g <- factor(group)
v <- factor(covariate)
bray <- vegdist(counts, "bray")
terms <- function(distance) {
  a <- adonis2(distance ~ g + v, by = "margin", permutations = 9)
  w <- betadisper(distance, g, type = "centroid")
  list(f = a$F[1:2], r2 = a$R2[1:2], ss = a$SumOfSqs, dispersion = anova(w)$F[1],
       centroid = as.numeric(tapply(w$distances, g, mean)))
}
part <- varpart(points, ~ g, ~ v)$part
train <- 1:n %% 2 == 0
standard <- function(m, from) {
  mean <- colMeans(from)
  scale <- sqrt(colMeans(sweep(from, 2, mean)^2))
  sweep(sweep(m, 2, mean), 2, scale, "/")
}
a <- standard(points[train, ], points[train, ])
b <- standard(points[!train, ], points[train, ])
label <- 2 * group[train] - 1
label <- label - mean(label)
tree <- hclust(dist(points[1:8, ]), "average")
cat(toJSON(list(
  shift = unname(wilcox.test(y, x, conf.int = TRUE, exact = TRUE)$estimate),
  u = unname(wilcox.test(y, x, exact = TRUE)$statistic),
  brown_forsythe = anova(lm(abs(points[, 2] - ave(points[, 2], g, FUN = median)) ~ g))$`F value`[1],
  energy = unname(eqdist.e(rbind(points[group == 0, ], points[group == 1, ]), c(18, 22))),
  euclidean = terms(dist(points)),
  bray = terms(bray),
  varpart = part$indfract$Adj.R.square,
  ridge = as.numeric(b %*% solve(crossprod(a) + 10 * diag(d), crossprod(a, label))),
  heights = tree$height,
  cophenetic = cor(dist(points[1:8, ]), cophenetic(tree)),
  variances = prcomp(points)$sdev^2 / sum(prcomp(points)$sdev^2),
  mds = as.numeric(dist(cmdscale(dist(points[1:8, ]), 2))),
  holm = p.adjust((c(3, 1, 8, 5, 2, 7) / 40)^2, "holm"),
  bh = p.adjust((c(3, 1, 8, 5, 2, 7) / 40)^2, "BH")
), digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
